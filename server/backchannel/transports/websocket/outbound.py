"""The queue of one socket that does not take bytes at present. Bounded: a client that is too slow is closed, never served with gaps.

What is put in one turn of the event loop is judged together, by what waited before it. The client had no time to read any of it, and
two commits that are delivered in one turn are more than the bound (decision 280).

Everything that gathers leaves in as few texts as fit: a frame by itself, or an array of frames in order.
"""

from collections import deque
from collections.abc import Iterable
from typing import Final

from backchannel.protocol.frame_batch import BATCH_BYTES, AnswerBatch, FrameBatch

FRAMES_BEHIND: Final = 256
BYTES_BEHIND: Final = 256 * 1024
"""Limits of events and other live frames that waited before the newest turn of the loop."""
ANSWERS_BEHIND: Final = 1024
ANSWER_BYTES_BEHIND: Final = 1024 * 1024
"""Answers have limits of their own: a burst of commands is not a slow reader. A single answer may be larger than all this."""


class Outbound:
    """Live frames and answers are counted apart. Catch-up is exempt while it lasts, since the session bounds it."""

    __slots__ = (
        "_answer_bytes",
        "_answers",
        "_batches",
        "_bytes",
        "_exempt",
        "_exempt_bytes",
        "_frames",
        "_is_turn_open",
        "_newest",
        "_newest_bytes",
    )

    def __init__(self) -> None:
        self._batches: deque[FrameBatch] = deque()
        self._frames = 0
        self._bytes = 0
        self._exempt = 0
        """Frames in front of the queue that do not count: those of a catch-up, and those before them."""
        self._exempt_bytes = 0
        self._newest = 0
        """Frames at the end of the queue that do not count yet: those of the newest turn that brought any."""
        self._newest_bytes = 0
        self._is_turn_open = False
        self._answers = 0
        self._answer_bytes = 0

    def __len__(self) -> int:
        """Batches that wait."""
        return len(self._batches)

    @property
    def answers(self) -> int:
        """Answers that wait."""
        return self._answers

    @property
    def is_turn_open(self) -> bool:
        """A live frame was put since the last `end_turn`. Answers open no turn: they say nothing of how far behind a client is."""
        return self._is_turn_open

    def put(self, batch: FrameBatch) -> bool:
        """False if the client is further behind than it may be. Have `end_turn` called when the turn of the loop ends."""
        self._append(batch)
        if isinstance(batch, AnswerBatch):
            return self._answers <= ANSWERS_BEHIND and self._answer_bytes - len(batch.wire) < ANSWER_BYTES_BEHIND
        if not self._is_turn_open:
            self._is_turn_open = True
            self._newest = self._newest_bytes = 0
        self._newest += batch.count
        self._newest_bytes += len(batch.wire)
        return (
            self._frames - self._exempt - self._newest <= FRAMES_BEHIND
            and self._bytes - self._exempt_bytes - self._newest_bytes <= BYTES_BEHIND
        )

    def end_turn(self) -> None:
        self._is_turn_open = False

    def put_catch_up(self, batches: Iterable[FrameBatch]) -> None:
        for batch in batches:
            self._append(batch)
        self._exempt, self._exempt_bytes = self._frames, self._bytes
        self._newest = self._newest_bytes = 0

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
        self._frames = self._bytes = self._exempt = self._exempt_bytes = self._newest = self._newest_bytes = 0
        self._answers = self._answer_bytes = 0

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
        self._newest, self._newest_bytes = min(self._newest, self._frames), min(self._newest_bytes, self._bytes)
        return batch
