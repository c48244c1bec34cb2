"""A client in Python that does what protocol/SPEC.md, "What a client does", says, and nothing else. No server code, no I/O.

    message.py  the effect of an event on a message, and on the quotes of it
    room.py     the effect of an event on a room's row in the list
    replica.py  what a client holds, and the frames that change it; what it has to ask for is left in `needs`

Used wherever a test in Python needs a client: conformance compares it with what the server shows, the simulation puts sockets,
polls and an outbox around it, the tests of the session machine check each frame against it. Frames are the decoded JSON and are
never changed: clients may share them.
"""

from typing import Any

Frame = dict[str, Any]
