"""The merge of two sources: what was read from the log, and what the hub delivered meanwhile.

               start                      merge
    keeping ──────────▶ keeping ───────────────────────▶ passing
     hub events are kept, up to KEPT_FRAMES               hub events are sent where they lie above the room's floor

Theory. The hub delivers a room in the order of seqs, from where it is when the session enters. The client is elsewhere, at its
own cursor. So the session enters first, reads from the cursor second, and merges third: what was read is sent first, then what
was kept and lies above it. Were it to read first, an event between the reading and the entering would be lost.

The reading may reach further than the hub, which then delivers events that were sent already. A room's *floor* is the last seq
that was sent to the client from the log; at or below it, what the hub delivers is a repetition. As soon as the hub has delivered
the floor itself (`release_floors`), the room needs none: everything that follows is new, and may go to the client directly,
without asking the session (`needs_check`).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from backchannel.protocol.codec import encode
from backchannel.protocol.frames import RoomHeads, RoomReset
from backchannel.transports.session.inputs import HeadOf
from backchannel.transports.session.resume_plan import NO_SEQS, ResumePlan

KEPT_FRAMES: Final = 4096
"""Kept of either kind while catching up. A client for which there is more is too far behind, and must reconnect."""
HEADS_IN_A_FRAME: Final = 2000

_NO_ROOMS: Final[frozenset[int]] = frozenset()


class Merge:
    __slots__ = ("_floors", "_heads", "_is_passing", "_kept_events", "_kept_frames", "_left", "_resets")

    def __init__(self) -> None:
        self._is_passing = False
        self._floors: Mapping[int, int] = NO_SEQS
        self._resets: Mapping[int, int] = NO_SEQS
        """Of the resume plan, until it is sent."""
        self._heads: Mapping[int, int] = NO_SEQS
        """Of the resume plan, until they are sent."""
        self._left: frozenset[int] = _NO_ROOMS
        """Rooms that were left while they were read."""
        self._kept_events: list[tuple[int, int, bytes]] | None = None
        """(room, seq, frame) as delivered."""
        self._kept_frames: list[tuple[int, bytes]] | None = None
        """(version, frame) of the user's list, as delivered."""

    # -- catching up

    def start(self, plan: ResumePlan, heads: Mapping[int, int]) -> None:
        """`heads`: of all rooms. Those that are not read are listened to from there."""
        self._floors = {**heads, **plan.cursors}
        self._resets, self._heads = plan.resets, plan.heads
        self._left = _NO_ROOMS

    def entered(self, head_of: HeadOf) -> None:
        """The hub does not repeat what it delivered before the session entered: a reset goes at least as far."""
        self._resets = {room_id: max(seq, head_of(room_id)) for room_id, seq in self._resets.items()} or NO_SEQS
        self._heads = {room_id: max(seq, head_of(room_id)) for room_id, seq in self._heads.items()} or NO_SEQS
        # A session that listened before has kept events up to there.
        self._floors = {**self._floors, **self._resets, **self._heads}

    def reset(self, seqs: Mapping[int, int]) -> None:
        """The client starts over in these rooms, too."""
        self._resets = {**seqs, **self._resets} or NO_SEQS

    def merge_log(
        self, events: Mapping[int, Sequence[tuple[int, bytes]]], listed: Mapping[int, int]
    ) -> Iterator[bytes]:
        """The frames of resets, heads and events; raises the floors to what they bring. `listed`: the rooms whose state the list
        brings, each with its seq."""
        floors = {**self._floors, **listed}
        for room_id, seq in self._resets.items():
            yield encode(RoomReset(room_id, seq))
        heads = list(self._heads.items())
        for start in range(0, len(heads), HEADS_IN_A_FRAME):
            yield encode(RoomHeads(dict(heads[start : start + HEADS_IN_A_FRAME])))
        for room_id, run in events.items():
            if room_id in self._left:
                continue
            for seq, frame in run:
                yield frame
                floors[room_id] = seq
        self._floors = floors
        self._resets = self._heads = NO_SEQS
        self._left = _NO_ROOMS

    def take_kept_frames(self) -> Sequence[tuple[int, bytes]]:
        kept, self._kept_frames = self._kept_frames or (), None
        return kept

    def take_kept_events(self) -> list[bytes]:
        """The kept events that the log did not contain. From here on events pass."""
        kept, self._kept_events = self._kept_events or (), None
        self._is_passing = True
        return [frame for room_id, seq, frame in kept if self.is_new(room_id, seq)]

    # -- what the hub delivers

    def keep_event(self, room_id: int, seq: int, frame: bytes) -> None:
        kept = self._kept_events = self._kept_events or []
        if len(kept) <= KEPT_FRAMES:
            kept.append((room_id, seq, frame))

    def keep_frame(self, version: int, frame: bytes) -> None:
        kept = self._kept_frames = self._kept_frames or []
        if len(kept) <= KEPT_FRAMES:
            kept.append((version, frame))

    def is_new(self, room_id: int, seq: int) -> bool:
        """The log did not bring it already."""
        return seq > self._floors.get(room_id, 0)

    def needs_check(self, room_id: int) -> bool:
        """An event of the room may be a repetition, or is to be kept: each is to be looked at."""
        return not self._is_passing or room_id in self._floors

    def joined(self, room_id: int, seq: int) -> None:
        """The client is sent the room as of `seq`."""
        self._left -= {room_id}
        self._floors = {**self._floors, room_id: max(seq, self._floors.get(room_id, 0))}

    def left(self, room_id: int) -> None:
        """Nothing of the room is sent any more, whether read or kept."""
        if not self._is_passing:
            self._left |= {room_id}
        self._floors = _without(self._floors, room_id)
        self._resets = _without(self._resets, room_id)
        self._heads = _without(self._heads, room_id)
        self._kept_events = [kept for kept in self._kept_events or () if kept[0] != room_id] or None

    def release_floors(self, head_of: HeadOf) -> bool:
        """Forget the floors that the hub has reached. True where there was one."""
        floors = {room: seq for room, seq in self._floors.items() if seq > head_of(room)} or NO_SEQS
        is_changed = len(floors) < len(self._floors)
        self._floors = floors
        return is_changed

    @property
    def has_floors(self) -> bool:
        return bool(self._floors)

    @property
    def is_overflowed(self) -> bool:
        """Not everything could be kept."""
        return max(len(self._kept_events or ()), len(self._kept_frames or ())) > KEPT_FRAMES

    def drop(self) -> None:
        """The session is over."""
        self._kept_events = self._kept_frames = None


def _without(seqs: Mapping[int, int], room_id: int) -> Mapping[int, int]:
    if room_id not in seqs:
        return seqs
    return {room: seq for room, seq in seqs.items() if room != room_id} or NO_SEQS
