"""A connection is closed once it has had no request for the time allowed, by a timer that is set once for many requests."""

from collections.abc import Callable
from typing import Any

import pytest

from backchannel.runner.idle_timer import IdleTimer


class Loop:
    """A clock, and the timer that is set."""

    def __init__(self) -> None:
        self.now = 100.0
        self.timers: list[tuple[float, Callable[[], None]]] = []
        self.is_closed = False

    def time(self) -> float:
        return self.now

    def call_later(self, delay: float, callback: Callable[[], None]) -> "Loop":
        self.timers.append((self.now + delay, callback))
        return self

    def cancel(self) -> None:
        self.timers.clear()

    def close(self) -> None:
        self.is_closed = True

    def run_until(self, now: float) -> None:
        while self.timers and self.timers[0][0] <= now:
            self.now, callback = self.timers.pop(0)
            callback()
        self.now = now


@pytest.fixture
def loop() -> Loop:
    return Loop()


@pytest.fixture
def timer(loop: Any) -> IdleTimer:
    return IdleTimer(loop, 80.0, loop)


def test_an_idle_connection_is_closed_when_its_time_is_over(loop: Loop, timer: IdleTimer) -> None:
    timer.start()
    loop.run_until(179.0)
    assert not loop.is_closed
    loop.run_until(180.0)
    assert loop.is_closed


def test_the_time_counts_from_the_last_response(loop: Loop, timer: IdleTimer) -> None:
    timer.start()
    loop.run_until(150.0)
    timer.pause()
    timer.start()
    assert len(loop.timers) == 1
    loop.run_until(229.0)
    assert not loop.is_closed
    loop.run_until(230.0)
    assert loop.is_closed


def test_a_connection_with_a_request_is_not_closed(loop: Loop, timer: IdleTimer) -> None:
    timer.start()
    timer.pause()
    loop.run_until(1000.0)
    assert not loop.is_closed
    timer.start()
    loop.run_until(1080.0)
    assert loop.is_closed


def test_a_stopped_timer_leaves_nothing_behind(loop: Loop, timer: IdleTimer) -> None:
    timer.start()
    timer.stop()
    assert loop.timers == []
