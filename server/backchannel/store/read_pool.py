"""From the event loop into a thread and back: the one place where reads leave the loop.

Threads keep their database connection between calls; a broken one is closed here, so that the next call gets a new one.
What broke one connection, the writer's too, broke its siblings, most likely: every thread takes a new one then, instead of
failing once each.
The number of threads bounds the connections this process holds for reading.
"""

import asyncio
import functools
import itertools
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Final, ParamSpec, TypeVar

import structlog
from django.db import DatabaseError, InterfaceError, connection

from backchannel.protocol.errors import Code, CommandError
from backchannel.store import disk

P = ParamSpec("P")
T = TypeVar("T")

READ_THREADS: Final = 8
_threads = ThreadPoolExecutor(READ_THREADS, thread_name_prefix="read")
_log = structlog.get_logger("backchannel.store")
_losses = itertools.count(1)
_last_loss = 0
_thread = threading.local()


async def run_read(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a blocking read in a thread. A database that does not answer is told as 503 `unavailable`."""
    answered: asyncio.Future[T] = asyncio.get_running_loop().create_future()
    _threads.submit(_answer, answered, functools.partial(with_connection, function, *args, **kwargs))
    return await answered


def _answer(answered: "asyncio.Future[Any]", read: Callable[[], Any]) -> None:
    """In the thread. With `run_in_executor` a second future would follow the first, at as much again for each hop."""
    if answered.cancelled():  # nobody waits for it any more
        return
    result, error = None, None
    try:
        result = read()
    except BaseException as raised:
        error = raised
    with suppress(RuntimeError):  # the loop is closed
        answered.get_loop().call_soon_threadsafe(settle, answered, result, error)


def settle(answered: "asyncio.Future[Any] | Future[Any]", result: Any, error: BaseException | None) -> None:
    """Give whoever waits a result or an error."""
    if answered.done():  # they have given up
        return
    if error is None:
        answered.set_result(result)
    else:
        answered.set_exception(error)


def with_connection(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call with a usable connection of this thread; translate the database's trouble."""
    if getattr(_thread, "knows", 0) != _last_loss:
        connection.close()
        _thread.knows = _last_loss
    was_connected = is_connected()
    try:
        return function(*args, **kwargs)
    except (DatabaseError, InterfaceError) as error:
        _log.warning("database_trouble", error=type(error).__name__, reason=str(error).strip().split("\n")[0])
        note_loss(was_connected)
        connection.close()
        raise trouble(error) from error


def is_connected() -> bool:
    """Has this thread a connection that works, as far as is known?"""
    return connection.connection is not None and not getattr(connection.connection, "broken", False)


def note_loss(was_connected: bool) -> None:
    """Something failed: where it cost this thread the connection that it had, the readers take new ones."""
    global _last_loss
    if was_connected and not is_connected():
        _last_loss = next(_losses)


def trouble(error: BaseException) -> CommandError:
    """What is told of an error of the database's."""
    return disk.full() if disk.is_full(error) else unavailable()


def unavailable() -> CommandError:
    return CommandError(
        Code.UNAVAILABLE, "The database does not answer just now. Try again in a moment.", retry_after=1.0
    )


def close_connections() -> None:
    """Close the read threads' connections (for tests, and at the end of a process)."""
    global _threads
    old, _threads = _threads, ThreadPoolExecutor(READ_THREADS, thread_name_prefix="read")
    # Without waiting for each other one quick thread would take all the turns, and close one connection.
    everybody = threading.Barrier(READ_THREADS)

    def close() -> None:
        everybody.wait()
        connection.close()

    for _ in range(READ_THREADS):
        old.submit(close)
    old.shutdown(wait=True)
