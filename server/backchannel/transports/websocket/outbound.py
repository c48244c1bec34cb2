"""What waits to be written to one socket. Bounded: a reader that is too slow is closed, never served with holes.

Everything that gathers while one write is under way, or within a tick of the loop, leaves as one text message: a frame by
itself, or an array of frames in order.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Final

FRAMES_BEHIND: Final = 256
BYTES_BEHIND: Final = 256 * 1024
MESSAGE_BYTES: Final = 64 * 1024
"""A text message is closed at this size, so that a long catch-up reaches a slow link piece by piece."""


class Outbound:
    """Live frames count against the bounds. Those of a catch-up do not (the session bounds them), as long as they last."""

    def __init__(self) -> None:
        self._frames: deque[bytes] = deque()
        self._bytes = 0
        self._exempt = 0
        self._exempt_bytes = 0
        self._filled = asyncio.Event()
        self._stopped = False

    def put(self, frame: bytes) -> bool:
        """False where the reader is further behind than it may be."""
        self._frames.append(frame)
        self._bytes += len(frame)
        self._filled.set()
        return len(self._frames) - self._exempt <= FRAMES_BEHIND and self._bytes - self._exempt_bytes <= BYTES_BEHIND

    def put_catch_up(self, frames: Iterable[bytes]) -> None:
        for frame in frames:
            self._frames.append(frame)
            self._bytes += len(frame)
        self._exempt, self._exempt_bytes = len(self._frames), self._bytes
        self._filled.set()

    def stop(self, *, drop: bool) -> None:
        """Nothing more comes. `drop`: what waits is not worth writing any more."""
        self._stopped = True
        if drop:
            self._frames.clear()
            self._bytes = self._exempt = self._exempt_bytes = 0
        self._filled.set()

    async def wait_text(self) -> str | None:
        """The next text message, as soon as there is one; None when stopped and empty."""
        while not self._frames:
            if self._stopped:
                return None
            self._filled.clear()
            await self._filled.wait()
        taken = [self._take()]
        size = len(taken[0])
        while self._frames and size + len(self._frames[0]) < MESSAGE_BYTES:
            taken.append(self._take())
            size += len(taken[-1]) + 1
        return (taken[0] if len(taken) == 1 else b"[" + b",".join(taken) + b"]").decode()

    def _take(self) -> bytes:
        frame = self._frames.popleft()
        self._bytes -= len(frame)
        if self._exempt:
            self._exempt -= 1
            self._exempt_bytes -= len(frame)
        return frame
