"""Closes a connection that has no request for a while.

A timer is set once and, when it is over, again for what is left: most connections have another request by then, and setting and
cancelling one for each request would cost more.
"""

from __future__ import annotations

import asyncio


class IdleTimer:
    """`transport` is closed when `seconds` have passed since `start` without a `pause`."""

    __slots__ = ("_loop", "_seconds", "_since", "_timer", "_transport")

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float, transport: asyncio.Transport) -> None:
        self._loop = loop
        self._seconds = seconds
        self._transport = transport
        self._since: float | None = None
        """When the connection became idle, by the loop's clock; None while it is not."""
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        self._since = self._loop.time()
        if self._timer is None:
            self._set(self._seconds)

    def pause(self) -> None:
        """Something was received."""
        self._since = None

    def stop(self) -> None:
        self._since = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _set(self, seconds: float) -> None:
        self._timer = self._loop.call_later(seconds, self._check)

    def _check(self) -> None:
        self._timer = None
        if self._since is None:  # the next `start` sets it again
            return
        left_s = self._since + self._seconds - self._loop.time()
        if left_s > 0:
            self._set(left_s)
        else:
            self._transport.close()
