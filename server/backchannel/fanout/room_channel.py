"""One room that somebody here listens to: who they are, how far they have heard, and how an event reaches them.

    emit ─┬─▶ event by event, at once, to whoever has to look at each (still catching up, a waiting poll)
          └─▶ pending ── a tick of the loop ──▶ one FrameBatch: encoded once, framed once ──▶ every sink

What comes within a tick leaves as one text: a quiet room waits for nothing, a busy one costs one write for many events. A
large room is served in slices, between which the loop does other things; and as serving it takes longer than a commit, what is
being committed is waited for, a moment, before it is served once for this and once more for that.

Theory. What is pending is meant for the sinks of the moment in which it was emitted. So whatever changes who listens, or
how, flushes first. Then both ways keep the order of seqs for everybody, and nothing reaches somebody who has left.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from backchannel.fanout.envelopes import RoomEnvelope
from backchannel.fanout.subscriber import Sink, Subscriber
from backchannel.protocol.frame_batch import BATCH_BYTES, FrameBatch

SLICE: Final = 500
"""Members served in one go: about 3 ms."""
LARGE: Final = 250
"""From so many members on, serving all of them takes longer than a commit."""
WAIT_EACH_S: Final = 6e-6
WAIT_AT_MOST_S: Final = 0.01
"""What is being committed is waited for no longer than it takes to serve the members, so much for each."""


class RoomChannel:
    """`head`: the last event emitted, None until it is known. `subscribers`: each with a seq at which they are known to be
    in the room. `in_force`: the bus brings what happens in it. `stash`: events that came before one that is missing. `left`:
    who went, with the seq of it; news of an earlier coming may be later on the bus."""

    __slots__ = (
        "_at",
        "_is_committing",
        "_lookers",
        "_pending",
        "_pending_bytes",
        "_serving",
        "_sinks",
        "_soon",
        "_waits",
        "head",
        "in_force",
        "left",
        "members",
        "moved_at",
        "room_id",
        "stash",
        "subscribers",
    )

    def __init__(self, room_id: int, is_committing: Callable[[], bool]) -> None:
        self.room_id = room_id
        self.head: int | None = None
        self.in_force = False
        self.members = 0
        self.moved_at = 0.0
        self.stash: dict[int, RoomEnvelope] = {}
        self.left: dict[int, int] = {}
        self.subscribers: dict[Subscriber, int] = {}
        self._sinks: tuple[Sink, ...] | None = None
        self._lookers: tuple[Subscriber, ...] = ()
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._serving: FrameBatch | None = None
        """What a part of the sinks has, up to `_at`, and the rest has not."""
        self._at = 0
        self._soon: asyncio.Handle | None = None
        """The next call of `_serve_slice`."""
        self._waits = False
        self._is_committing = is_committing

    def put(self, subscriber: Subscriber, seq: int) -> None:
        self.rewire()
        since = self.subscribers.setdefault(subscriber, seq)
        if seq > since:
            self.subscribers[subscriber] = seq

    def remove(self, subscriber: Subscriber) -> None:
        self.rewire()
        self.subscribers.pop(subscriber, None)

    def went_since(self, user_id: int, seq: int) -> bool:
        """Did they go from the room after `seq`, as far as it was heard here?"""
        return self.left.get(user_id, 0) > seq

    def rewire(self) -> None:
        """Somebody is about to come or go, or to hear in another way: they have had what was before."""
        if self._sinks is None:  # nothing is pending
            return
        if self._serving is not None or self._pending:
            self.flush()
        self._sinks = None

    def emit(self, seq: int, frame: bytes) -> None:
        """The next event, to everybody."""
        if self._sinks is None:
            self._wire()
        lookers = self._lookers
        if self._sinks:
            self._pend(frame)
        for subscriber in lookers:
            subscriber.room_event(self.room_id, seq, frame)

    def flush(self) -> None:
        """Everything that is pending, to everybody, now."""
        if self._serving is not None:
            self._serve(len(self._sinks or ()))
        if self._pending:
            self._take_pending()
            self._serve(len(self._sinks or ()))

    def _wire(self) -> None:
        sinks, lookers = [], []
        for subscriber in self.subscribers:
            sink = subscriber.sink(self.room_id)
            if sink is None:
                lookers.append(subscriber)
            else:
                sinks.append(sink)
        self._sinks, self._lookers = tuple(sinks), tuple(lookers)

    def _pend(self, frame: bytes) -> None:
        if self._pending_bytes + len(frame) > BATCH_BYTES - 2:
            self.flush()
        self._pending.append(frame)
        self._pending_bytes += len(frame) + 1
        if self._soon is None or (self._waits and not self._is_committing()):
            self._serve_soon()

    def _serve_soon(self) -> None:
        if self._soon is not None:
            self._soon.cancel()
        loop = asyncio.get_running_loop()
        members = len(self._sinks or ())
        self._waits = self._serving is None and members >= LARGE and self._is_committing()
        if self._waits:
            self._soon = loop.call_later(min(WAIT_AT_MOST_S, members * WAIT_EACH_S), self._serve_slice)
        else:
            self._soon = loop.call_soon(self._serve_slice)

    def _serve_slice(self) -> None:
        self._soon = None
        if self._serving is None and self._pending:
            self._take_pending()
        if self._serving is not None:
            self._serve(self._at + SLICE)
        if self._serving is not None or self._pending:
            self._serve_soon()

    def _take_pending(self) -> None:
        self._serving = FrameBatch(b",".join(self._pending), len(self._pending))
        self._at = 0
        self._pending = []
        self._pending_bytes = 0

    def _serve(self, until: int) -> None:
        """Write to the sinks from where it stopped."""
        text, sinks = self._serving, self._sinks
        assert text is not None
        assert sinks is not None
        for sink in sinks[self._at : until]:
            sink(text)
        self._at = until
        if until >= len(sinks):
            self._serving = None
