"""Limits the time of a request body that did not arrive with its head: in total, and by its average rate."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from backchannel.runner.head import Refused

CHECK_EVERY_S = 5.0
BODY_WITHIN_S = 60.0
BODY_BYTES_PER_SECOND: Final = 512
"""Average rate required from the first check on. A body of 1 MiB needs 17 KiB/s to arrive within the minute."""
FRAMING_BYTES: Final = 64 * 1024
FRAMING_PER_BYTE: Final = 8
"""Bytes of chunked framing allowed: a chunk of one byte takes five more. Bounds chunk extensions and trailers."""


class Pace:
    """`is_paused`: the server itself does not read at present. `refuse`: called once, if the client is too slow."""

    __slots__ = ("_bytes", "_checks", "_content", "_is_paused", "_refuse", "_timer")

    def __init__(self, is_paused: Callable[[], bool], refuse: Callable[[Refused], None]) -> None:
        self._is_paused = is_paused
        self._refuse = refuse
        self._bytes = self._content = self._checks = 0
        self._timer = asyncio.get_running_loop().call_later(CHECK_EVERY_S, self._check)

    def count(self, length: int) -> None:
        """Bytes received, framing included."""
        self._bytes += length

    def count_content(self, length: int) -> None:
        """Bytes of the body among them."""
        self._content += length

    @property
    def is_padded(self) -> bool:
        """The framing exceeds its limit."""
        return self._bytes - self._content > FRAMING_BYTES + FRAMING_PER_BYTE * self._content

    def stop(self) -> None:
        self._timer.cancel()

    def _check(self) -> None:
        if not self._is_paused():
            self._checks += 1
        passed_s = self._checks * CHECK_EVERY_S
        expected = BODY_BYTES_PER_SECOND * (passed_s - CHECK_EVERY_S)
        if passed_s >= BODY_WITHIN_S or self._content < expected:
            self._refuse(
                Refused(
                    HTTPStatus.REQUEST_TIMEOUT,
                    "request_timeout",
                    f"The body came too slowly: {BODY_BYTES_PER_SECOND} bytes a second at least, and all of it within "
                    f"{BODY_WITHIN_S:.0f} s.",
                )
            )
            return
        self._timer = asyncio.get_running_loop().call_later(CHECK_EVERY_S, self._check)
