"""The threads that read: a call goes in on the event loop, its answer comes back there.

    submit ──▶ jobs ──▶ one of the threads ──call_soon_threadsafe──▶ the future that `submit` gave

A `ThreadPoolExecutor` makes a future of its own for each call, with a lock and a condition, and the loop a second one that is
chained to it. Here the future is the loop's own, which `run_in_executor` hands on as it is, and a call costs half as much.
Threads are started as they are needed, and kept.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from queue import SimpleQueue
from typing import Any

_Job = tuple[asyncio.AbstractEventLoop, "asyncio.Future[Any]", Callable[[], Any]]


class Readers(Executor):
    """At most so many `threads`. `at_end` is called in each of them when it ends."""

    def __init__(self, threads: int, at_end: Callable[[], None]) -> None:
        self._at_most = threads
        self._at_end = at_end
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._under_way = 0
        self._lock = threading.Lock()

    def submit(self, function: Callable[[], Any], /) -> "asyncio.Future[Any]":  # type: ignore[override]
        """Call on an event loop; nowhere else can the answer be waited for."""
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        with self._lock:
            self._under_way += 1
            if self._under_way > len(self._threads) < self._at_most:
                self._start()
        self._jobs.put((loop, future, function))
        return future

    def close(self) -> None:
        """Do what was asked for, and end the threads."""
        with self._lock:
            threads, self._threads = self._threads, []
        for _ in threads:
            self._jobs.put(None)
        for thread in threads:
            thread.join()

    def _start(self) -> None:
        thread = threading.Thread(target=self._work, name=f"read_{len(self._threads)}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            self._do(*job)
            del job  # an idle thread holds on to nothing
        self._at_end()

    def _do(self, loop: asyncio.AbstractEventLoop, future: "asyncio.Future[Any]", function: Callable[[], Any]) -> None:
        result = None
        try:
            if not future.cancelled():  # else nobody waits for it any more
                result = function()
        except BaseException as error:
            self._tell(loop, future, None, error)
        else:
            self._tell(loop, future, result, None)

    def _tell(
        self,
        loop: asyncio.AbstractEventLoop,
        future: "asyncio.Future[Any]",
        result: Any,
        error: BaseException | None,
    ) -> None:
        with self._lock:
            self._under_way -= 1
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(_answer, future, result, error)


def _answer(future: "asyncio.Future[Any]", result: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
