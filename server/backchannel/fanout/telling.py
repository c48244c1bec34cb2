"""Ephemeral frames of several people, on their way to everybody here who shares a room with any of them.

Each listener is visited once for all that is for them. Nobody is told more than AT_ONCE frames in one go, which is less than
a reader may be behind: for whom there is more, the rest comes in a later go.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from backchannel.fanout.hub import Hub
from backchannel.fanout.subscriber import Subscriber

AT_ONCE: Final = 200


class Telling:
    """`told`: (by whom, rooms, frame) of each. Whom it is by is not told it."""

    def __init__(self, hub: Hub, told: Iterable[tuple[int, Iterable[int], bytes]]) -> None:
        self._hub = hub
        self._by_room: dict[int, dict[int, bytes]] = {}
        served = hub.served_rooms
        for by, room_ids, frame in told:
            for room_id in room_ids:
                if room_id in served:
                    self._by_room.setdefault(room_id, {})[by] = frame
        self._untold: dict[Subscriber, frozenset[int] | None] = dict.fromkeys(hub.listeners_of(self._by_room))
        """Who has still to hear, and of whom; None: of everybody."""

    @property
    def listeners(self) -> int:
        """How many have still to hear."""
        return len(self._untold)

    def go(self) -> Iterator[None]:
        """Tell each listener once. Takes a step for each of them."""
        untold, self._untold = self._untold, {}
        for subscriber, of in untold.items():
            frames = self._frames_for(subscriber)
            if of is not None:
                frames = {by: frame for by, frame in frames.items() if by in of}
            if len(frames) > AT_ONCE:
                self._untold[subscriber] = frozenset(islice(frames, AT_ONCE, None))
            if frames:
                subscriber.ephemeral_frames(list(islice(frames.values(), AT_ONCE)))
            yield

    def _frames_for(self, subscriber: Subscriber) -> dict[int, bytes]:
        """By the rooms that they listen to now."""
        by_room = self._by_room
        frames: dict[int, bytes] = {}
        for room_id in by_room.keys() & self._hub.rooms_of(subscriber):
            frames.update(by_room[room_id])
        frames.pop(subscriber.user_id, None)
        return frames
