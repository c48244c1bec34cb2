"""An event loop with a virtual clock: time jumps to the next timer, and a seeded generator decides which ready task runs first.

Promises of the standard library are kept: callbacks run in the order in which they were scheduled. What it leaves open is random:
which of several ready tasks runs first. So an order that is right by luck on one machine is tried the other way round.
There are no threads: a function given to an executor runs as a whole, at a random moment between submission and answer.
"""

import asyncio
import heapq
import itertools
from asyncio import events
from collections import deque
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any, TypeVar

T = TypeVar("T")


class Handle:
    """A scheduled call."""

    __slots__ = ("args", "callback", "is_cancelled", "when_")

    def __init__(self, callback: Callable[..., Any], args: tuple[Any, ...], when: float = 0.0) -> None:
        self.callback = callback
        self.args = args
        self.when_ = when
        self.is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True
        self.args = ()

    def cancelled(self) -> bool:
        return self.is_cancelled

    def when(self) -> float:
        return self.when_


class Task(asyncio.Task[Any]):
    """A task with a reproducible hash, so that sets of tasks are iterated in order of creation, not of addresses."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], loop: "Loop") -> None:
        self._serial = next(loop.serials)
        super().__init__(coroutine, loop=loop)

    def __hash__(self) -> int:
        return self._serial


class Loop(asyncio.AbstractEventLoop):
    """`rng` decides the order of tasks, if `shuffles`, and how long threads take. `on_fault` is called for uncaught exceptions."""

    def __init__(self, rng: Random, on_fault: Callable[[str], None], *, shuffles: bool = True) -> None:
        self.rng = rng
        self.now = 1000.0
        self.serials = itertools.count()
        self.thread_delay: Callable[[], float] = lambda: 0.0
        self._on_fault = on_fault
        self._shuffles = shuffles
        self._ordered: deque[Handle] = deque()
        self._any: list[Handle] = []
        self._timers: list[tuple[float, int, Handle]] = []
        self._timer_count = itertools.count()
        self.steps = 0

    # -- running

    def run_until(self, is_over: Callable[[], bool], until: float, every: float) -> bool:
        """Run until `is_over()`, asked `every` so many seconds, or until the time `until`. True where it is over."""
        events._set_running_loop(self)
        try:
            while self.now < until:
                if is_over():
                    return True
                self._run_to(min(until, self.now + every))
            return is_over()
        finally:
            events._set_running_loop(None)

    def _run_to(self, until: float) -> None:
        timers, ordered, any_ = self._timers, self._ordered, self._any
        random = self.rng.random
        while True:
            while ordered or any_:
                if any_ and (not ordered or random() < 0.5):
                    if self._shuffles and len(any_) > 1:
                        index = int(random() * len(any_))
                        handle = any_[index]
                        any_[index] = any_[-1]
                        any_.pop()
                    else:
                        handle = any_.pop(0)
                else:
                    handle = ordered.popleft()
                if not handle.is_cancelled:
                    self.steps += 1
                    handle.callback(*handle.args)
            if not timers or timers[0][0] > until:
                self.now = until
                return
            self.now, _, handle = heapq.heappop(timers)
            if not handle.is_cancelled:
                self.steps += 1
                handle.callback(*handle.args)

    # -- the interface of asyncio

    def time(self) -> float:
        return self.now

    def call_soon(self, callback: Callable[..., Any], *args: Any, context: Any = None) -> Handle:  # type: ignore[override]
        handle = Handle(callback, args)
        # Only tasks and futures pass a context; no order is promised among their steps.
        (self._ordered if context is None else self._any).append(handle)
        return handle

    def call_soon_threadsafe(self, callback: Callable[..., Any], *args: Any, context: Any = None) -> Handle:  # type: ignore[override]
        """A call from a thread arrives a little later."""
        return self.call_later(self.thread_delay(), callback, *args)

    def call_later(self, delay: float, callback: Callable[..., Any], *args: Any, context: Any = None) -> Handle:  # type: ignore[override]
        when = self.now + delay if delay > 0 else self.now
        handle = Handle(callback, args, when)
        heapq.heappush(self._timers, (when, next(self._timer_count), handle))
        return handle

    def call_at(self, when: float, callback: Callable[..., Any], *args: Any, context: Any = None) -> Handle:  # type: ignore[override]
        if when < self.now:
            when = self.now
        handle = Handle(callback, args, when)
        heapq.heappush(self._timers, (when, next(self._timer_count), handle))
        return handle

    def create_future(self) -> "asyncio.Future[Any]":
        return asyncio.Future(loop=self)

    def create_task(self, coro: Any, *, name: str | None = None, context: Any = None) -> Task:
        return Task(coro, self)

    def submit(self, function: Callable[..., Any], *args: Any) -> None:
        """Run as an executor would: start a little later, and run as a whole."""
        self.call_later(self.thread_delay(), self.in_thread, function, *args)

    def in_thread(self, function: Callable[..., T], *args: Any) -> T:
        """Call as if in a thread without a running loop: Django refuses to use the database beside one."""
        running = events._get_running_loop()
        events._set_running_loop(None)
        try:
            return function(*args)
        finally:
            events._set_running_loop(running)

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return True

    def is_closed(self) -> bool:
        return False

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        error = context.get("exception")
        self._on_fault(f"{context.get('message')}: {error!r}")
