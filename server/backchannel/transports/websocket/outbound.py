"""What waits to be written to one socket. Bounded: a reader that is too slow is closed, never served with holes.

Everything that gathers while the socket takes nothing leaves as one text: a frame by itself, or an array of frames in order.
"""

from collections import deque
from collections.abc import Iterable
from typing import Final

from backchannel.protocol.frame_batch import BATCH_BYTES, AnswerBatch, FrameBatch

FRAMES_BEHIND: Final = 256
BYTES_BEHIND: Final = 256 * 1024
ANSWERS_BEHIND: Final = 1024
ANSWER_BYTES_BEHIND: Final = 1024 * 1024
"""Whoever asks much at once is owed many answers, and is not slow for that; one answer may be larger than all this."""


class Outbound:
    """Live frames count against the bounds. Those of a catch-up do not (the session bounds them), as long as they last; answers
    have bounds of their own."""

    __slots__ = ("_answer_bytes", "_answers", "_bytes", "_exempt", "_exempt_bytes", "_frames", "_texts")

    def __init__(self) -> None:
        self._texts: deque[FrameBatch] = deque()
        self._frames = 0
        self._bytes = 0
        self._exempt = 0
        self._exempt_bytes = 0
        self._answers = 0
        self._answer_bytes = 0

    def __len__(self) -> int:
        """Texts that wait."""
        return len(self._texts)

    def put(self, text: FrameBatch, under_way: int = 0) -> bool:
        """False where the reader is further behind than it may be. `under_way`: bytes that wait elsewhere for the same reader."""
        if isinstance(text, AnswerBatch):
            is_within = self._answers < ANSWERS_BEHIND and self._answer_bytes < ANSWER_BYTES_BEHIND
            self._append(text)
            return is_within
        self._append(text)
        return (
            self._frames - self._exempt <= FRAMES_BEHIND
            and self._bytes - self._exempt_bytes + under_way <= BYTES_BEHIND
        )

    def put_catch_up(self, texts: Iterable[FrameBatch]) -> None:
        for text in texts:
            self._append(text)
        self._exempt, self._exempt_bytes = self._frames, self._bytes

    def take(self) -> FrameBatch:
        """The next text: as many as fit into one. There must be something."""
        first = self._take()
        if not self._texts or len(first.wire) + len(self._texts[0].wire) > BATCH_BYTES:
            return first
        gathered, count, size = [first.inner], first.count, len(first.wire)
        while self._texts and size + len(self._texts[0].wire) <= BATCH_BYTES:
            text = self._take()
            gathered.append(text.inner)
            count += text.count
            size += len(text.wire)
        return FrameBatch(b",".join(gathered), count)

    def clear(self) -> None:
        self._texts.clear()
        self._frames = self._bytes = self._exempt = self._exempt_bytes = self._answers = self._answer_bytes = 0

    def _append(self, text: FrameBatch) -> None:
        self._texts.append(text)
        if isinstance(text, AnswerBatch):
            self._answers += 1
            self._answer_bytes += len(text.wire)
            return
        self._frames += text.count
        self._bytes += len(text.wire)

    def _take(self) -> FrameBatch:
        text = self._texts.popleft()
        if isinstance(text, AnswerBatch):
            self._answers -= 1
            self._answer_bytes -= len(text.wire)
            return text
        self._frames -= text.count
        self._bytes -= len(text.wire)
        if self._exempt:
            self._exempt -= text.count
            self._exempt_bytes -= len(text.wire)
        return text
