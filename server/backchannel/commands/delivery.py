"""The steps on the event loop after a commit, and their order.

    finished batches ─▶ publish every event ─▶ answer every caller ─▶ flush the rooms ─▶ observers

Everything that was committed since the last turn of the loop is delivered together, so that a busy room costs one write for many
events.

Large rooms gather: while more is being committed, what such a room has pending waits for it, and both leave as one batch. Writing to
so many takes longer than a commit, so one write in place of two saves more time than the wait costs. It waits for what the log has
accepted when the gathering begins, one or two commits: under a steady load there is always more to come. And no longer than a write
takes. Answers and smaller rooms do not wait, and nothing waits where nothing is being committed (decisions 279, 333).

Published first, whether or not anybody still waits for an answer: every stored event is published. Answered before the rooms are
flushed: a socket holds the answer back until its next write, so with the in-process bus the answer to a send and the sender's own
event leave in one write, answer first. They may be two writes, in either order, where the event takes another way: over Redis, in a
large room that gathers or needs several slices, beyond one batch, or to a client that is still catching up. A client may rely on neither order.
Observers (the followers) come last: they must not delay what people see.
"""

import asyncio
import math
from collections.abc import Callable, Sequence
from typing import Final

from backchannel import failpoints
from backchannel.process_log import ProcessLog
from backchannel.store.log import Job
from backchannel.store.transaction import Outcome

_log = ProcessLog("backchannel.delivery")

LARGE: Final = 250
"""A room gathers if it has at least so many sinks on this node."""
GATHER_EACH_S: Final = 6e-6
GATHER_AT_MOST_S: Final = 0.01
"""A room gathers no longer than a write to its sinks takes, which is about so much for each."""

Publish = Callable[[Sequence[Outcome]], None]
Flush = Callable[[float], int]


def _no_rooms(_: float) -> int:
    return 0


def _nothing_comes() -> tuple[int, int]:
    return 0, 0


class Delivery:
    """Takes each finished batch from the log, and runs the steps after its commit."""

    def __init__(self, publish: Publish) -> None:
        self._publish = publish
        self._flush: Flush = _no_rooms
        self._progress: Callable[[], tuple[int, int]] = _nothing_comes
        self._flushing: asyncio.Handle | None = None
        """A flush in the next turn of the loop."""
        self._gathering: asyncio.TimerHandle | None = None
        """The end of the time in which large rooms gather, while any does."""
        self._gather_until = 0
        """They gather until so many operations were handed over."""
        self._observers: list[Publish] = []
        self._pending: list[Job] = []

    def connect(self, flush: Flush, progress: Callable[[], tuple[int, int]]) -> None:
        """Hub, delivery and log form a circle, which this closes. Call before the log starts.

        `flush` writes what the rooms with fewer sinks than its argument have pending, and returns the sinks of the largest room that it
        left, or 0. `progress`: operations that the log has accepted, and how many of them it has handed over here."""
        self._flush = flush
        self._progress = progress

    def observe(self, observer: Publish) -> None:
        """Have `observer` called with the outcomes of what was committed. Call before the log starts."""
        self._observers.append(observer)

    def __call__(self, batch: Sequence[Job]) -> None:
        """Deliver `batch` in this turn of the loop, with those that finish meanwhile; without a loop, at once."""
        is_due = bool(self._pending)
        self._pending += batch
        if is_due:
            return
        try:
            asyncio.get_running_loop().call_soon(self.deliver)
        except RuntimeError:
            self.deliver()

    def deliver(self) -> None:
        jobs, self._pending = self._pending, []
        outcomes = [job.outcome for job in jobs]
        try:
            failpoints.reach("before_publish", outcomes)
            self._publish(outcomes)
            failpoints.reach("after_publish", outcomes)
        except Exception:  # what is stored is acked, and its events are found by their numbers
            _log.exception("publishing_broke")
        for job in jobs:
            try:
                job.answer(job.outcome)
            except Exception:
                _log.exception("answering_broke")
        try:
            self._flush_rooms()
        except Exception:
            _log.exception("flushing_broke")
        for observe in self._observers:
            try:
                observe(outcomes)
            except Exception:
                _log.exception("observing_broke")

    def flush_soon(self) -> None:
        """A room has something to flush, from a commit here or from another node: flush in the next turn of the loop."""
        if self._flushing is None:
            self._flushing = asyncio.get_running_loop().call_soon(self._flush_next)

    def _flush_next(self) -> None:
        self._flushing = None
        self._flush_rooms()

    def _flush_rooms(self) -> None:
        """Flush the rooms; where more is coming, the large ones gather."""
        accepted, handed_over = self._progress()
        if self._gathering is None:
            self._gather_until = accepted
        if not self._pending and handed_over >= self._gather_until:
            self._flush_all()
        elif (sinks := self._flush(LARGE)) and self._gathering is None:
            gather_s = min(GATHER_AT_MOST_S, sinks * GATHER_EACH_S)
            self._gathering = asyncio.get_running_loop().call_later(gather_s, self._flush_all)

    def _flush_all(self) -> None:
        if self._gathering is not None:
            self._gathering.cancel()
            self._gathering = None
        self._flush(math.inf)
