"""What happens on the event loop after a commit, and in which order.

    finished batches ─▶ publish every event ─▶ answer every caller ─▶ flush the rooms ─▶ observers

Everything that was committed since the last turn of the loop is delivered together, so that a busy room costs one write for many
events.

Published first, whether or not anybody still waits for an answer: every stored event is published. Answered before the rooms are
flushed: a socket holds the answer back until its next write, so with the in-process bus the answer to a send and the sender's own
event leave in one write, answer first. They may be two writes, in either order, where the event takes another way: over Redis, in a
room of more members than one slice, beyond one batch, or to a client that is still catching up. A client may rely on neither order.
Observers (the followers) come last: they must not delay what people see.
"""

import asyncio
from collections.abc import Callable, Sequence

import structlog

from backchannel import failpoints
from backchannel.store.log import Job
from backchannel.store.transaction import Outcome

_log = structlog.get_logger("backchannel.delivery")

Publish = Callable[[Sequence[Outcome]], None]


def _nothing() -> None: ...


class Delivery:
    """What the log calls with its finished batches."""

    def __init__(self, publish: Publish, flush: Callable[[], None] = _nothing) -> None:
        """`flush` writes what the rooms have pending."""
        self._publish = publish
        self._flush = flush
        self._observers: list[Publish] = []
        self._pending: list[Job] = []

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
            failpoints.reach("before_publish")
            self._publish(outcomes)
            failpoints.reach("after_publish")
        except Exception:  # what is stored is acked, and its events are found by their numbers
            _log.exception("publishing_broke")
        for job in jobs:
            try:
                job.answer(job.outcome)
            except Exception:
                _log.exception("answering_broke")
        try:
            self._flush()
        except Exception:
            _log.exception("flushing_broke")
        for observe in self._observers:
            try:
                observe(outcomes)
            except Exception:
                _log.exception("observing_broke")
