"""The threads that read the database for one chat: the only way a read leaves the event loop.

A thread keeps its connection between calls. A broken connection is closed, so that the next call opens a new one. When one connection
breaks, the others are probably broken too: every thread then opens a new one before its next read, instead of failing once each.
The number of threads bounds the connections that a chat holds for reading.
"""

import asyncio
import functools
import itertools
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Final, ParamSpec, Protocol, TypeVar

from django.db import DatabaseError, InterfaceError, connection

from backchannel.process_log import ProcessLog
from backchannel.protocol.errors import Code, CommandError
from backchannel.store import disk
from backchannel.store.daemon_threads import DaemonThreads

P = ParamSpec("P")
T = TypeVar("T")

READ_THREADS: Final = 8
SITE_CODE_ENDS_WITHIN_S: Final = 5.0
"""Of a stop. Longer than a method of a site takes that is any use to the one who waits for it."""
_log = ProcessLog("backchannel.store")


class Threads(Protocol):
    """The part of an executor that `ReadPool` needs."""

    def submit(self, function: Callable[..., object], /, *args: Any) -> object: ...
    def shutdown(self, wait: bool = True) -> None: ...


class ReadPool:
    """Runs blocking reads in threads. Threads start with the first reads; `close` ends them."""

    def __init__(self, threads: Threads | None = None, *, of_the_site: bool = False) -> None:
        """`of_the_site`: what runs in the threads may call the site's own code, which may never return. `close` waits no longer than
        `SITE_CODE_ENDS_WITHIN_S` then, and what is still running ends with the process."""
        self._new_threads = _new_daemon_threads if of_the_site else _new_threads
        self._meet_within_s = SITE_CODE_ENDS_WITHIN_S / 2 if of_the_site else None
        self._threads = threads or self._new_threads()
        self._losses = itertools.count(1)
        self._last_loss = 0
        self._own = threading.local()
        """`last_loss`: the loss after which this thread opened its connection."""

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call `function` in a thread. Raises what it raises, and CommandError 503 for an error of the database."""
        answered: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._threads.submit(self._answer, answered, functools.partial(self._read, function, *args, **kwargs))
        return await answered

    def reconnect(self) -> None:
        """Have every thread open a new connection before its next read. Callable from any thread."""
        self._last_loss = next(self._losses)

    def close(self) -> None:
        """Close the threads' connections and end the threads. Blocks until they have ended. The pool may be used again: a start that
        failed is tried again."""
        # Without the barrier one quick thread could take every task and close only its own connection.
        all_threads = threading.Barrier(READ_THREADS)

        def close() -> None:
            with suppress(threading.BrokenBarrierError):
                all_threads.wait(self._meet_within_s)
            connection.close()

        ended, self._threads = self._threads, self._new_threads()
        for _ in range(READ_THREADS):
            ended.submit(close)
        ended.shutdown(wait=True)

    def _answer(self, answered: "asyncio.Future[Any]", read: Callable[[], Any]) -> None:
        """In the thread. `run_in_executor` would add a second future, which costs as much again for each read."""
        if answered.cancelled():
            return
        result, error = None, None
        try:
            result = read()
        except BaseException as raised:
            error = raised
        with suppress(RuntimeError):  # the loop is closed
            answered.get_loop().call_soon_threadsafe(resolve, answered, result, error)

    def _read(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call with a usable connection of this thread."""
        if getattr(self._own, "last_loss", 0) != self._last_loss:
            connection.close()
            self._own.last_loss = self._last_loss
        was_connected = is_connected()
        try:
            return function(*args, **kwargs)
        except (DatabaseError, InterfaceError) as error:
            _log.warning("database_trouble", error=type(error).__name__, reason=str(error).strip().split("\n")[0])
            if was_connected and not is_connected():
                self.reconnect()
            connection.close()
            raise trouble(error) from error


def resolve(future: "asyncio.Future[Any] | Future[Any]", result: Any, error: BaseException | None) -> None:
    """Set the result or the error, unless the future was cancelled or resolved meanwhile."""
    if future.done():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)


def is_connected() -> bool:
    """Has this thread a connection that is not known to be broken?"""
    return connection.connection is not None and not getattr(connection.connection, "broken", False)


def trouble(error: BaseException) -> CommandError:
    """The answer to a command that met this error of the database."""
    return disk.full() if disk.is_full(error) else unavailable()


def unavailable() -> CommandError:
    return CommandError(
        Code.UNAVAILABLE, "The database does not answer just now. Try again in a moment.", retry_after=1.0
    )


def _new_daemon_threads() -> Threads:
    return DaemonThreads(READ_THREADS, SITE_CODE_ENDS_WITHIN_S, "site")


def _new_threads() -> Threads:
    return ThreadPoolExecutor(READ_THREADS, thread_name_prefix="read")
