"""The effects of a session. It decides and returns these; `SessionDriver` carries them out, in order.

    ReadPosition ─▶ PositionRead        Enter ─▶ Entered          (Enter and Follow are done at once,
    ReadList     ─▶ ListRead            Follow ─▶ Followed         the reads take a while)
    ReadEvents   ─▶ EventsRead

An effect with a result is the last of its list; the result is the session's next input (`inputs.py`).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from backchannel.protocol.commands import Command
from backchannel.protocol.errors import CloseCode
from backchannel.protocol.results import RoomList


@dataclass(frozen=True, slots=True)
class Send:
    """Send these frames, in order."""

    frames: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Answer:
    """Send this frame, which answers one of the client: it does not count as being behind."""

    frame: bytes


@dataclass(frozen=True, slots=True)
class Run:
    """Run the command; its answer does not pass through the session."""

    command: Command


@dataclass(frozen=True, slots=True)
class Close:
    code: CloseCode
    reason: str


@dataclass(frozen=True, slots=True)
class ReadPosition:
    """Read the epoch, the version of the user's list and the heads of their rooms."""

    rooms: Collection[int]
    """The rooms that the client has a cursor for."""


@dataclass(frozen=True, slots=True)
class Announce:
    """Older sockets of the same client instance are superseded by this one."""

    opened_us: int
    """When the session opened, in µs of the clock that all nodes share."""


@dataclass(frozen=True, slots=True)
class Enter:
    """Listen to the rooms of the position that was read."""


@dataclass(frozen=True, slots=True)
class ReadList:
    """Read the user's room list."""


@dataclass(frozen=True, slots=True)
class Follow:
    """Listen to the rooms of this list, and to no others."""

    room_list: RoomList


@dataclass(frozen=True, slots=True)
class ReadEvents:
    """Read the events above the cursors (room → seq), at least as far as the hub has delivered."""

    cursors: Mapping[int, int]
    with_presence: bool


@dataclass(frozen=True, slots=True)
class UpdateDelivery:
    """`Session.delivers_directly` answers differently from now on: have the hub ask again."""


@dataclass(frozen=True, slots=True)
class Arrive:
    """The client has caught up: its user is present."""


Read = ReadPosition | ReadList | ReadEvents
Effect = Send | Answer | Run | Close | Announce | Enter | Follow | UpdateDelivery | Arrive | Read
