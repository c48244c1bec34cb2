"""One client's session: which frames it is sent, in which order. Pure: no socket, clock or database; effects are returned.

A session is made of these machines, each in a file of its own:

    Session         opening ─▶ locating ─▶ catching_up ─▶ live; closed from anywhere                       session.py
    Opening         waits for a hello that it can serve, and counts frames that cannot be read             opening.py
    CatchUp         entering ─▶ (listing) ─▶ reading ─▶ done: brings the client to where the hub is        catch_up.py
    Merge           keeps what the hub delivers while the log is read, then merges both                    merge.py
    ListVersion     which changes of the user's room list were delivered, and whether one is missing       list_version.py
    ListReading     reads the room list until all of its rooms are listened to                             list_reading.py
    Heartbeat       when the client last sent a frame, and when the next heartbeat is due                heartbeat.py

`Session` and `CatchUp` have an explicit state and a table. The states of the others are implied by their few fields, and they do
not know each other: `Session` moves them, and `CatchUp` the two that it is given. `resume_plan.py` is a function: what to read for
a client that comes back.

Two shells drive a session: a WebSocket, and the polls of a client over HTTP. Both have its effects (`effects.py`) carried out by
`transports/session_driver.py`, which hands the results back as inputs (`inputs.py`).
"""

from backchannel.transports.session.session import Session, State
from backchannel.transports.session.settings import Settings

__all__ = ["Session", "Settings", "State"]
