"""Threads for code that may never return: they keep no process from ending, as those of `concurrent.futures` do."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any


class DaemonThreads:
    """Every method may be called from any thread. A function that is submitted has to catch what it raises."""

    def __init__(self, count: int, within_s: float, name: str) -> None:
        """`within_s`: how long `shutdown` waits for those that are busy."""
        self._count = count
        self._within_s = within_s
        self._name = name
        self._lock = threading.Lock()
        self._waiting: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []

    def submit(self, function: Callable[..., object], /, *args: Any) -> None:
        """Call it in one of the threads, in the order of the calls. They start with the first ones."""
        with self._lock:
            self._waiting.put(partial(function, *args))
            if len(self._threads) < self._count:
                name = f"{self._name}_{len(self._threads)}"
                self._threads.append(threading.Thread(target=self._run, name=name, daemon=True))
                self._threads[-1].start()

    def shutdown(self, wait: bool = True) -> None:
        """End the threads, after what they have to do. With `wait` it blocks until they have ended, or the time is over."""
        with self._lock:
            ended = list(self._threads)
            for _ in ended:
                self._waiting.put(None)
        deadline = time.monotonic() + self._within_s
        for thread in ended if wait else ():
            thread.join(max(0.0, deadline - time.monotonic()))

    def _run(self) -> None:
        while (function := self._waiting.get()) is not None:
            function()
