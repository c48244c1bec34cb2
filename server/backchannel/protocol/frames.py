"""All other frames: opening, heartbeat, answers, closing, and the poll, which carries the same frames over HTTP."""

from typing import Annotated, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType

from backchannel.protocol.commands import Instance, Seq
from backchannel.protocol.errors import ErrorData
from backchannel.protocol.results import RoomList
from backchannel.protocol.shapes import Limits, User
from backchannel.protocol.version import PROTOCOL


class ClientInfo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`instance` identifies one tab or process: a newer connection of the same instance replaces the older one."""

    name: Annotated[str, Meta(max_length=64)] = ""
    version: Annotated[str, Meta(max_length=64)] = ""
    instance: Instance | None = None


class Resume(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What a client holds. `rooms`: room id → seq of the last event applied. `others`: the sum of the cursors of all its other
    rooms; without it, nothing is assumed about those."""

    epoch: Annotated[str, Meta(max_length=64)]
    user_version: Annotated[int, Meta(ge=0, le=2**53 - 1, description="The version of the list the client holds.")]
    rooms: dict[Annotated[int, Meta(ge=1, le=2**53 - 1)], Seq]
    others: Seq | None = None


class ClientHello(msgspec.Struct, forbid_unknown_fields=True, tag_field="type", tag="hello", kw_only=True):
    """The client's first frame, within 5 s."""

    protocol: int
    client: ClientInfo = ClientInfo()
    resume: Resume | None = None


SEEN_ROOMS: Final = 256


class ClientPong(msgspec.Struct, forbid_unknown_fields=True, tag_field="type", tag="pong", kw_only=True):
    """The client's answer to the server's heartbeat. `seen`: room id → seq of the last event applied, of the rooms that the heartbeat named,
    and of those that it was behind in before: evidence of what has arrived. Nothing depends on it."""

    timestamp: Annotated[str, Meta(max_length=64)] | None = None
    seen: Annotated[dict[Annotated[int, Meta(ge=1, le=2**53 - 1)], Seq], Meta(max_length=SEEN_ROOMS)] | UnsetType = (
        UNSET
    )


class ServerInfo(msgspec.Struct, omit_defaults=True):
    """`evidence`: the server takes `POST /api/report`, and `seen` in `pong`. Older ones refuse both."""

    version: str
    evidence: bool = False


class ServerHello(msgspec.Struct, kw_only=True, tag_field="type", tag="hello"):
    protocol: int = PROTOCOL
    session: str
    user: User
    epoch: str
    heartbeat_s: int
    user_version: int
    limits: Limits
    server: ServerInfo


class RoomListFrame(RoomList, kw_only=True, tag_field="type", tag="room_list", omit_defaults=True):
    """`id` is that of the `get_room_list` it answers; left out if the server sends the list by itself."""

    id: str | None = None


class RoomHeads(msgspec.Struct, tag_field="type", tag="room_heads"):
    """The heads of the rooms that a resume did not name, sent when one of them moved. A lower cursor has missed events."""

    heads: dict[int, int]


class RoomReset(msgspec.Struct, tag_field="type", tag="room_reset"):
    """Discard what you hold of the room and fetch history. The next event is `seq` + 1."""

    room_id: int
    seq: int


class CaughtUp(msgspec.Struct, tag_field="type", tag="caught_up"):
    """The catch-up is complete; what follows is live."""


class Heartbeat(msgspec.Struct, tag_field="type", tag="ping"):
    """`heads`: the rooms whose head moved since the last heartbeat, so that clients detect the loss of a last event."""

    timestamp: str
    heads: dict[int, int]
    user_version: int


class Pong(msgspec.Struct, tag_field="type", tag="pong", omit_defaults=True):
    timestamp: str
    id: str | None = None


class Ack(msgspec.Struct, tag_field="type", tag="ack"):
    id: str | None
    result: msgspec.Struct


class ErrorFrame(msgspec.Struct, tag_field="type", tag="error"):
    """`id` is null if the frame was too malformed to have one."""

    id: str | None
    error: ErrorData


class GoingAway(msgspec.Struct, tag_field="type", tag="going_away"):
    """The node is restarting. Continue over HTTP at once; reconnect after `retry_after_ms`."""

    retry_after_ms: int


class SyncRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Body of `POST /api/sync`. `wait`: seconds to wait for the first frame, at most 25."""

    resume: Resume | None = None
    wait: Annotated[float, Meta(ge=0, le=25)] = 0
    client: ClientInfo = ClientInfo()


class SyncResponse(msgspec.Struct):
    """`frames`: the same frames that the WebSocket would have carried."""

    frames: list[msgspec.Raw]
    epoch: str
    user_version: int


class TicketResponse(msgspec.Struct):
    ticket: str
    expires_at: str


class RequestSeen(msgspec.Struct):
    """How the server sees a request: what the proxies on the way made of it. `address`: null if the connection has none."""

    address: str | None
    scheme: str
    host: str


class SessionResponse(msgspec.Struct):
    """A bearer of HTTP requests, valid until `expires_at`."""

    token: str
    expires_at: str
