"""A poll without events ends when its wait is over, never earlier; one timer serves many polls."""

import asyncio
import time
from typing import Any

import httpx
import pytest

from backchannel.transports.http.deadlines import SLOT_S, Deadlines
from tests.running import Running, somebody


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Waiting:
    def __init__(self, until: float, clock: Clock, ended: "list[tuple[float, float]]") -> None:
        self.until = until
        self._clock = clock
        self._ended = ended

    def wake(self) -> None:
        self._ended.append((self.until, self._clock()))


async def test_no_wait_ends_early_or_more_than_a_slot_late(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    ended: list[tuple[float, float]] = []
    timers: list[Any] = []
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(
        loop, "call_later", lambda seconds, do, *given: timers.append((clock() + seconds, do, given)), raising=False
    )
    deadlines = Deadlines(clock)
    asked = [0.001, 0.05, 0.3, 0.31, 1.0, 1.49, 1.5, 2.0, 24.99, 25.0]
    for wait_s in reversed(asked):
        deadlines.add(Waiting(clock() + wait_s, clock, ended))
    while timers:
        timers.sort(key=lambda timer: timer[0])
        due, do, given = timers.pop(0)
        clock.now = max(clock.now + 1e-6, due - 1e-6)  # an event loop may call slightly early
        do(*given)
    assert sorted(until for until, _ in ended) == [1000 + wait_s for wait_s in asked]
    assert all(until <= at <= until + SLOT_S + 1e-3 for until, at in ended)


async def test_a_thousand_waits_of_the_same_length_need_one_timer_for_each_slot(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock()
    ended: list[tuple[float, float]] = []
    timers: list[Any] = []
    monkeypatch.setattr(asyncio.get_running_loop(), "call_later", lambda *given: timers.append(given), raising=False)
    deadlines = Deadlines(clock)
    for number in range(1000):
        wait = Waiting(1025.0 + number / 1000, clock, ended)
        deadlines.add(wait)
        if number % 2:
            deadlines.discard(wait)
    assert len(timers) <= 1 / SLOT_S + 1
    clock.now = 1030.0
    for _, do, *given in timers:
        do(*given)
    assert len(ended) == 500


@pytest.mark.parametrize("wait_s", [0, 0.4, 1.3, 2.2])
def test_a_poll_without_events_waits_at_least_as_long_as_it_asked(server: Running, wait_s: float) -> None:
    ada = somebody("ada")
    client = {"instance": "quiet"}
    first = server.sync(ada, client=client).json()
    resume = {"epoch": first["epoch"], "user_version": first["user_version"], "rooms": {}}
    for _ in range(2):  # the first opens a polling session, the second finds it
        begun = time.monotonic()
        answer: httpx.Response = server.sync(ada, resume, wait_s, client=client)
        assert time.monotonic() - begun >= wait_s
        assert answer.json()["frames"] == []
