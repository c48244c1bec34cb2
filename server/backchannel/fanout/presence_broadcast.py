"""Sends changes of presence to the subscribers here that share a small room with the person.

    receive, forget_nodes ─▶ pending ──SOON_S, or the end of the pause──▶ one pass ─▶ pause ─▶ the next pass, or idle

A single change goes out after SOON_S. After a restart thousands connect within seconds, and one frame for each pair of them would be
millions: what gathers during the pause goes out in one pass, one call for each subscriber, SLICE subscribers in one turn of the loop.
The pause grows with the audience, so that broadcasting takes a small, fixed share of the loop. A subscriber gets at most FRAMES_AT_ONCE
frames in a pass, less than a reader may be behind; the rest follows in the next pass.

Somebody who has just caught up gets `frames_of` everybody present, so a pass that is still to come costs them nothing.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import islice
from typing import Final

from backchannel.fanout.envelopes import PresenceEnvelope
from backchannel.fanout.hub import Hub
from backchannel.fanout.presence import Presence, PresenceReport
from backchannel.fanout.subscriber import Subscriber
from backchannel.protocol.codec import encode
from backchannel.protocol.events import PresenceFrame
from backchannel.protocol.shapes import PresenceState

FRAMES_AT_ONCE: Final = 200
SLICE: Final = 100

Audience = dict[Subscriber, frozenset[int] | None]
"""Subscriber → the user ids it has still to be sent; None: all of the pass."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How often, and how much at once."""

    soon_s: float = 0.02
    pause_s: float = 1.0
    """Between two passes, at least."""
    pause_per_subscriber_s: float = 0.0015
    """Sending to one subscriber takes about 20 µs: broadcasting uses little more than a hundredth of the loop."""
    people: int = 1000
    """The most whose changes one pass carries."""


def presence_frame(user_id: int, state: PresenceState) -> bytes:
    return encode(PresenceFrame(user_id=user_id, state=state))


class PresenceBroadcaster:
    def __init__(self, hub: Hub, presence: Presence, clock: Callable[[], float], pace: Pace | None = None) -> None:
        """`clock`: seconds, monotonic."""
        self._hub = hub
        self._presence = presence
        self._clock = clock
        self._pace = pace or Pace()
        self._frames: dict[int, bytes] = {}
        """The frame of everybody who is online or away, encoded once."""
        self._pending: dict[int, PresenceReport] = {}
        """User → the latest change that no pass carries yet."""
        self._by_room: dict[int, dict[int, bytes]] = {}
        """The frames of this pass: room → user → frame."""
        self._next_at = 0.0
        """When the next pass may start, by the loop's clock."""
        self._is_busy = False
        """A pass is under way or scheduled."""

    def receive(self, envelope: PresenceEnvelope) -> None:
        """A report from a node, this one or another."""
        report = PresenceReport(envelope.user_id, envelope.state, envelope.rooms)
        self.add(self._presence.receive(envelope.node, report, self._clock()))

    def forget_nodes(self, now: float) -> None:
        """Broadcast that people are offline whom only a node reported that is gone."""
        self.add(self._presence.forget_nodes(now))

    def frames_of(self, user_ids: AbstractSet[int]) -> list[bytes]:
        """The current frames of those who are online or away, in no order."""
        return list(filter(None, map(self._frames.get, user_ids)))

    def add(self, changes: Iterable[PresenceReport]) -> None:
        """Broadcast these. The latest change of a user wins, and goes to the rooms of all of them."""
        for change in changes:
            if change.state == "offline":
                self._frames.pop(change.user_id, None)
            else:
                self._frames[change.user_id] = presence_frame(change.user_id, change.state)
            earlier = self._pending.pop(change.user_id, None)
            rooms = change.rooms if earlier is None else tuple({*earlier.rooms, *change.rooms})
            self._pending[change.user_id] = PresenceReport(change.user_id, change.state, rooms)
        self._schedule()

    def _schedule(self) -> None:
        if self._pending and not self._is_busy:
            self._is_busy = True
            loop = asyncio.get_running_loop()
            loop.call_at(max(loop.time() + self._pace.soon_s, self._next_at), self._start)

    def _start(self) -> None:
        self._by_room = {}
        served = self._hub.served_rooms
        for user_id in list(islice(self._pending, self._pace.people)):
            change = self._pending.pop(user_id)
            frame = self._frames.get(user_id) or presence_frame(user_id, change.state)
            for room_id in change.rooms:
                if room_id in served:
                    self._by_room.setdefault(room_id, {})[user_id] = frame
        self._pass(dict.fromkeys(self._hub.listeners_of(self._by_room)))

    def _pass(self, audience: Audience) -> None:
        pause_s = max(self._pace.pause_s, len(audience) * self._pace.pause_per_subscriber_s)
        self._send_slice(iter(audience.items()), {}, pause_s)

    def _send_slice(
        self, audience: Iterator[tuple[Subscriber, frozenset[int] | None]], rest: Audience, pause_s: float
    ) -> None:
        """`rest` collects those who have to get more in the next pass."""
        loop = asyncio.get_running_loop()
        sent = 0
        for subscriber, user_ids in islice(audience, SLICE):
            sent += 1
            remaining = self._send(subscriber, user_ids)
            if remaining:
                rest[subscriber] = remaining
        if sent == SLICE:
            loop.call_soon(self._send_slice, audience, rest, pause_s)
        elif rest:
            loop.call_later(pause_s, self._pass, rest)
        else:
            self._next_at, self._is_busy = loop.time() + pause_s, False
            self._schedule()

    def _send(self, subscriber: Subscriber, user_ids: frozenset[int] | None) -> frozenset[int]:
        """Sends frames of the rooms that the subscriber listens to now; returns the users whose frames it still has to get."""
        frames: dict[int, bytes] = {}
        for room_id in self._by_room.keys() & self._hub.rooms_of(subscriber):
            frames.update(self._by_room[room_id])
        frames.pop(subscriber.user_id, None)
        if user_ids is not None:
            frames = {user_id: frame for user_id, frame in frames.items() if user_id in user_ids}
        if frames:
            subscriber.ephemeral_frames(list(islice(frames.values(), FRAMES_AT_ONCE)))
        return frozenset(islice(frames, FRAMES_AT_ONCE, None))
