"""Drains the chat when the process is asked to end, before its server learns of it and cuts the connections.

    SIGTERM ─▶ the chat's clients are asked to reconnect, what is queued is committed ─▶ the handler that was there before

Servers install their handler before they start the application, so that it can be found and called later. Some wait for the signal in
another way, or in another process (Hypercorn): there both happen at the same time. Where the event loop does not run in the main
thread (`runserver` with its reloader), Python allows no handler, and the interpreter's end is the sign.
"""

from __future__ import annotations

import asyncio
import atexit
import signal
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Final

from backchannel.process_log import ProcessLog

WITHIN_S: Final = 10.0
"""Then the process ends in any case. A drain takes about two seconds with thousands of sockets."""

Drain = Callable[[], Awaitable[None]]
_log = ProcessLog("backchannel")


@contextmanager
def drain_at_exit(on_signal: Drain, at_exit: Drain) -> Iterator[None]:
    """While entered, one of both is awaited on the running event loop when the process is asked to end. `at_exit` runs while threads can
    no longer be started."""
    loop = asyncio.get_running_loop()
    if threading.current_thread() is not threading.main_thread():

        def drain_from_exit() -> None:
            if loop.is_running():
                with suppress(Exception):
                    asyncio.run_coroutine_threadsafe(_within_time(at_exit), loop).result(WITHIN_S)

        atexit.register(drain_from_exit)
        try:
            yield
        finally:
            atexit.unregister(drain_from_exit)
        return
    previous = signal.getsignal(signal.SIGTERM)
    if previous is None or previous == signal.SIG_IGN:  # not a handler of Python's, or ignored on purpose
        yield
        return
    handler = _SignalHandler(loop, on_signal, previous)
    signal.signal(signal.SIGTERM, handler.handle)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGTERM) == handler.handle:
            signal.signal(signal.SIGTERM, previous)


class _SignalHandler:
    """A handler in front of `previous`."""

    def __init__(self, loop: asyncio.AbstractEventLoop, drain: Drain, previous: object) -> None:
        self._loop = loop
        self._drain = drain
        self._previous = previous
        self._draining: asyncio.Task[None] | None = None
        self._has_begun = False

    def handle(self, number: int, frame: FrameType | None) -> None:
        if self._has_begun or not self._loop.is_running():  # asked twice: at once
            self._pass_on(number)
            return
        self._has_begun = True
        self._loop.call_soon_threadsafe(self._begin, number)

    def _begin(self, number: int) -> None:
        self._draining = self._loop.create_task(self._drain_and_pass_on(number))

    async def _drain_and_pass_on(self, number: int) -> None:
        await _within_time(self._drain)
        self._pass_on(number)

    def _pass_on(self, number: int) -> None:
        if callable(self._previous):
            self._previous(number, None)
        else:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)


async def _within_time(drain: Drain) -> None:
    """Whatever goes wrong, the process has to end."""
    try:
        async with asyncio.timeout(WITHIN_S):
            await drain()
    except Exception as error:
        _log.warning("drain_failed", error=type(error).__name__)
