"""The last events of one client's rooms, kept between its polls, so that the next poll is answered without the database. Pure.

Theory. For each of the user's rooms `_floor` is the seq above which every event up to the hub's head is in `_events`. A poll with the
same numbering, the same version of the list, and each cursor between its room's floor and head misses exactly the events above its
cursors: what a read of the log would bring. About any other poll the backlog says nothing, and the poll reads.
"""

from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

from backchannel.protocol.frames import Resume

BACKLOG_EVENTS: Final = 64
BACKLOG_BYTES: Final = 64 * 1024

HeadOf = Callable[[int], int]
"""Room → the last seq the hub has delivered."""


class Backlog:
    __slots__ = ("_bytes", "_events", "_events_at_most", "_floor", "epoch", "user_version")

    def __init__(self, epoch: str, user_version: int, heads: Mapping[int, int], events_at_most: int) -> None:
        """`heads`: the user's rooms, each with its head; every event above it is to be added."""
        self.epoch = epoch
        self.user_version = user_version
        """The version of the user's list that the rooms of the backlog correspond to."""
        self._floor = dict(heads)
        self._events: deque[tuple[int, int, bytes]] = deque()
        """(room, seq, frame), in the order of delivery."""
        self._bytes = 0
        self._events_at_most = min(BACKLOG_EVENTS, events_at_most)

    def __len__(self) -> int:
        return len(self._events)

    def above(self, resume: Resume, head_of: HeadOf) -> list[bytes] | None:
        """The events above these cursors; None where the backlog does not reach back to them."""
        if resume.user_version != self.user_version or resume.epoch != self.epoch:
            return None
        floor, cursors = self._floor, resume.rooms
        is_behind = False
        for room_id, cursor in cursors.items():
            lowest = floor.get(room_id)
            if lowest is None:  # not on the user's list
                continue
            head = head_of(room_id)
            if cursor < lowest or cursor > head:
                return None
            is_behind |= cursor < head
        if resume.others is not None and resume.others != sum(head_of(room) for room in floor if room not in cursors):
            return None
        return [frame for room_id, seq, frame in self._events if seq > cursors.get(room_id, seq)] if is_behind else []

    def add(self, room_id: int, seq: int, frame: bytes) -> None:
        """The next event of a room, as the hub delivers it."""
        self._events.append((room_id, seq, frame))
        self._bytes += len(frame)
        self._drop_oldest()

    def add_before(self, cursors: Mapping[int, int], read: Mapping[int, Sequence[tuple[int, bytes]]]) -> None:
        """Events read from the log, room → (seq, frame), unbroken from its cursor. Where they lead up to a room's floor they are kept,
        so that the same poll, whose answer may be lost, is not read again."""
        for room_id, run in read.items():
            floor = self._floor.get(room_id, 0)
            before = [(room_id, seq, frame) for seq, frame in run if seq <= floor]
            if before and before[-1][1] == floor:
                self._events.extendleft(reversed(before))
                self._bytes += sum(len(frame) for _, _, frame in before)
                self._floor[room_id] = cursors[room_id]
        self._drop_oldest()

    def advance(self, version: int) -> bool:
        """The list moved to `version`. False where a version between was not seen: rooms may be missing."""
        if version > self.user_version + 1:
            return False
        self.user_version = max(version, self.user_version)
        return True

    def enter(self, room_id: int, head: int) -> None:
        """Every event of the room above `head` will be added."""
        self._floor[room_id] = head

    def leave(self, room_id: int) -> None:
        self._floor.pop(room_id, None)
        self._events = deque(event for event in self._events if event[0] != room_id)
        self._bytes = sum(len(frame) for _, _, frame in self._events)

    def match(self, rooms: Collection[int], head_of: HeadOf) -> None:
        """Enter and leave rooms until they are these."""
        for room_id in self._floor.keys() - rooms:
            self.leave(room_id)
        for room_id in rooms - self._floor.keys():
            self.enter(room_id, head_of(room_id))

    def _drop_oldest(self) -> None:
        while len(self._events) > self._events_at_most or self._bytes > BACKLOG_BYTES:
            room_id, seq, frame = self._events.popleft()
            self._bytes -= len(frame)
            self._floor[room_id] = seq
