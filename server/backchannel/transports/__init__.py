"""How it is said and heard: one session machine, two shells around it.

    session.py   what a session says when: pure        dispatch.py  a command → its handler → its answer
    node.py      what both shells work with            catch_up.py  what a session reads to catch up
    websocket/   the socket                            http/        every command over REST, and the poll
    maintenance.py  what a node does every few seconds

The two shells do not know each other.
"""
