"""The protocol as JSON Schema 2020-12: `protocol/schema.json`. Pure: declarations in, document out.

Here stands also the one list of what the server can say, which no union in the codec needs: the server only encodes.
"""

from typing import Any, Final, get_args

import msgspec

from backchannel.protocol import frames
from backchannel.protocol.events import AnyRoomEvent, AnyUserFrame, EphemeralFrame

SERVER_FRAMES: Final[tuple[type[msgspec.Struct], ...]] = (
    frames.ServerHello,
    frames.RoomListFrame,
    *get_args(AnyRoomEvent),
    *get_args(AnyUserFrame),
    *get_args(EphemeralFrame),
    frames.RoomReset,
    frames.CaughtUp,
    frames.Heartbeat,
    frames.Pong,
    frames.Ack,
    frames.ErrorFrame,
    frames.GoingAway,
)
