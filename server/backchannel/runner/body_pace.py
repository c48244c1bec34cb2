"""How long a body may take that did not come with its head: as a whole, and for what it holds so far."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from backchannel.runner.head import Refused

LOOK_EVERY_S = 5.0
BODY_WITHIN_S = 60.0
BODY_BYTES_PER_SECOND: Final = 512
"""Expected on average from the first look on. A mebibyte within the minute takes 17 KiB/s."""
FRAMING_BYTES: Final = 64 * 1024
FRAMING_PER_BYTE: Final = 8
"""A body may come in chunks of a byte, which takes five more; extensions of chunks and trailers may not be endless."""


class Pace:
    """`is_held_up`: does the server itself not read at present? `refuse`: called once, when the client is too slow."""

    __slots__ = ("_bytes", "_content", "_is_held_up", "_looks", "_refuse", "_timer")

    def __init__(self, is_held_up: Callable[[], bool], refuse: Callable[[Refused], None]) -> None:
        self._is_held_up = is_held_up
        self._refuse = refuse
        self._bytes = self._content = self._looks = 0
        self._timer = asyncio.get_running_loop().call_later(LOOK_EVERY_S, self._look)

    def count(self, length: int) -> None:
        """Of what came, framing and all."""
        self._bytes += length

    def count_content(self, length: int) -> None:
        self._content += length

    @property
    def is_padded(self) -> bool:
        return self._bytes - self._content > FRAMING_BYTES + FRAMING_PER_BYTE * self._content

    def stop(self) -> None:
        self._timer.cancel()

    def _look(self) -> None:
        if not self._is_held_up():
            self._looks += 1
        passed_s = self._looks * LOOK_EVERY_S
        expected = BODY_BYTES_PER_SECOND * (passed_s - LOOK_EVERY_S)
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
        self._timer = asyncio.get_running_loop().call_later(LOOK_EVERY_S, self._look)
