"""An outgoing WebSocket text message: one frame, or several as an array, in order. Encoded and framed once, written to many.

Pure. Our own runner writes `wire` as it is; `asgi_link` hands `text` to another ASGI server.
"""

from collections.abc import Iterable
from struct import pack
from typing import Final

BATCH_BYTES: Final = 64 * 1024
"""An array is closed at this size in bytes, so that a long catch-up reaches a slow client piece by piece."""
_TEXT: Final = 0x1


def frame_header(opcode: int, length: int) -> bytes:
    """The RFC 6455 header of an unfragmented, unmasked frame."""
    if length < 126:
        return bytes((0x80 | opcode, length))
    if length < 1 << 16:
        return pack("!BBH", 0x80 | opcode, 126, length)
    return pack("!BBQ", 0x80 | opcode, 127, length)


class FrameBatch:
    """`inner`: the frames, with commas between them where there are several. `count`: how many."""

    __slots__ = ("_start", "count", "wire")

    def __init__(self, inner: bytes, count: int) -> None:
        if count == 1:
            start = frame_header(_TEXT, len(inner))
            self.wire = start + inner
        else:
            start = frame_header(_TEXT, len(inner) + 2)
            self.wire = b"%b[%b]" % (start, inner)
        self.count = count
        self._start = len(start)

    @property
    def inner(self) -> bytes:
        return self.wire[self._start :] if self.count == 1 else self.wire[self._start + 1 : -1]

    @property
    def text(self) -> str:
        return str(memoryview(self.wire)[self._start :], "utf-8")


class AnswerBatch(FrameBatch):
    """The answer to a command of the client that receives it."""

    __slots__ = ()


def batches_of(frames: Iterable[bytes]) -> list[FrameBatch]:
    """Pack the frames, in order, into as few texts as BATCH_BYTES allows."""
    frames = list(frames)
    if sum(map(len, frames)) + len(frames) + 1 <= BATCH_BYTES:  # the common case
        return [FrameBatch(b",".join(frames), len(frames))] if frames else []
    texts: list[FrameBatch] = []
    gathered: list[bytes] = []
    size = 1
    for frame in frames:
        if gathered and size + len(frame) + 1 > BATCH_BYTES:
            texts.append(FrameBatch(b",".join(gathered), len(gathered)))
            gathered, size = [], 1
        gathered.append(frame)
        size += len(frame) + 1
    if gathered:
        texts.append(FrameBatch(b",".join(gathered), len(gathered)))
    return texts
