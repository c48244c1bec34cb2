"""Decides, a few seconds after a message, whom it notifies, and sends what has to be sent.

    follower `notifications` ─▶ row for a person and a message ─▶ due ─▶ facts of this moment ─▶ decide ─┬▶ no: why
                                                                   ▲                                     ├▶ notify ─▶ one push message a browser
                                                                   └────────── later ◀──────────── wait ─┘                     │
                                                                                       sent, gone, or tried again later ◀──────┘

facts.py       a waiting row → the facts          operations.py  what is written
pushing.py     sends the push messages            push_setup.py  makes what sends them
runner.py      the loop; one node runs it, by a lease

A person and a message have one row for ever, so each is decided once. A push message whose sending a crash interrupts is sent again: its
topic and its message's id let the push service and the browser show it once.
"""
