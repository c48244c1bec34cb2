"""The queue of one socket that does not take bytes at present. Bounded: a client that is too slow is closed, never served with gaps.

Everything that gathers leaves in as few texts as fit: a frame by itself, or an array of frames in order.
"""

from collections import deque
from collections.abc import Iterable
from typing import Final

from backchannel.protocol.frame_batch import BATCH_BYTES, AnswerBatch, FrameBatch

FRAMES_BEHIND: Final = 256
BYTES_BEHIND: Final = 256 * 1024
"""Limits of events and other live frames."""
ANSWERS_BEHIND: Final = 1024
ANSWER_BYTES_BEHIND: Final = 1024 * 1024
"""Answers have limits of their own: a burst of commands is not a slow reader. A single answer may be larger than all this."""


class Outbound:
    """Live frames and answers are counted apart. Catch-up is exempt while it lasts, since the session bounds it."""

    __slots__ = ("_answer_bytes", "_answers", "_batches", "_bytes", "_exempt", "_exempt_bytes", "_frames")

    def __init__(self) -> None:
        self._batches: deque[FrameBatch] = deque()
        self._frames = 0
        self._bytes = 0
        self._exempt = 0
        """Frames in front of the queue that do not count: those of a catch-up, and those before them."""
        self._exempt_bytes = 0
        self._answers = 0
        self._answer_bytes = 0

    def __len__(self) -> int:
        """Batches that wait."""
        return len(self._batches)

    @property
    def answers(self) -> int:
        """Answers that wait."""
        return self._answers

    def put(self, batch: FrameBatch, buffered: int = 0) -> bool:
        """False if the client is further behind than it may be. `buffered`: bytes that wait for it elsewhere."""
        if isinstance(batch, AnswerBatch):
            is_within = self._answers < ANSWERS_BEHIND and self._answer_bytes < ANSWER_BYTES_BEHIND
            self._append(batch)
            return is_within
        self._append(batch)
        return (
            self._frames - self._exempt <= FRAMES_BEHIND and self._bytes - self._exempt_bytes + buffered <= BYTES_BEHIND
        )

    def put_catch_up(self, batches: Iterable[FrameBatch]) -> None:
        for batch in batches:
            self._append(batch)
        self._exempt, self._exempt_bytes = self._frames, self._bytes

    def take(self) -> FrameBatch:
        """The next text, of as many batches as fit into one. There must be one."""
        first = self._take()
        if not self._batches or len(first.wire) + len(self._batches[0].wire) > BATCH_BYTES:
            return first
        gathered, count, size = [first.inner], first.count, len(first.wire)
        while self._batches and size + len(self._batches[0].wire) <= BATCH_BYTES:
            batch = self._take()
            gathered.append(batch.inner)
            count += batch.count
            size += len(batch.wire)
        return FrameBatch(b",".join(gathered), count)

    def clear(self) -> None:
        self._batches.clear()
        self._frames = self._bytes = self._exempt = self._exempt_bytes = self._answers = self._answer_bytes = 0

    def _append(self, batch: FrameBatch) -> None:
        self._batches.append(batch)
        if isinstance(batch, AnswerBatch):
            self._answers += 1
            self._answer_bytes += len(batch.wire)
            return
        self._frames += batch.count
        self._bytes += len(batch.wire)

    def _take(self) -> FrameBatch:
        batch = self._batches.popleft()
        if isinstance(batch, AnswerBatch):
            self._answers -= 1
            self._answer_bytes -= len(batch.wire)
            return batch
        self._frames -= batch.count
        self._bytes -= len(batch.wire)
        if self._exempt:
            self._exempt -= batch.count
            self._exempt_bytes -= len(batch.wire)
        return batch
