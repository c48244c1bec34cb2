"""The results of a session's effects, handed back to `Session.on`. A result that comes when nothing waits for it is ignored."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from backchannel.protocol.results import RoomList

HeadOf = Callable[[int], int]
"""Room → the seq up to which the hub has delivered it; it delivers nothing at or below that again."""


@dataclass(frozen=True, slots=True)
class PositionRead:
    epoch: str
    user_version: int
    """Of the user's room list."""
    heads: Mapping[int, int]
    """The user's rooms, each with its last seq."""
    read_at: float
    """When it was read, in seconds of the session's own clock."""
    read_us: int
    """The same moment in µs of the clock that all nodes share."""


@dataclass(frozen=True, slots=True)
class Entered:
    left: Collection[int]
    """Rooms of the position that the user has left since it was read."""
    head_of: HeadOf


@dataclass(frozen=True, slots=True)
class ListRead:
    room_list: RoomList


@dataclass(frozen=True, slots=True)
class Followed:
    left: Collection[int]
    """Rooms that the list does not have any more."""
    joined: Mapping[int, int]
    """Rooms that were not listened to before, with their seqs in the list: later events may not have been delivered."""


@dataclass(frozen=True, slots=True)
class EventsRead:
    events: Mapping[int, Sequence[tuple[int, bytes]]]
    """Room → (seq, frame), without a gap from its cursor."""
    presence: Sequence[bytes]
    head_of: HeadOf


Input = PositionRead | Entered | ListRead | Followed | EventsRead
