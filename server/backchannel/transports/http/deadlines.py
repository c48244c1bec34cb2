"""When the waits of polls end: one timer for all whose time falls into the same tenth of a second, none for each poll."""

import asyncio
import math
from collections.abc import Callable
from typing import Final, Protocol

SLOT_S: Final = 0.1
"""A wait ends at most this late, and never early."""


class Ending(Protocol):
    """A wait that ends at `until` by the node's clock."""

    until: float

    def wake(self) -> None: ...


class Deadlines:
    """Waits by the slot their time falls into. A slot has a timer for its end, which comes once."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._slots: dict[int, dict[Ending, None]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._slots.values()))

    def add(self, wait: Ending) -> None:
        number = _slot(wait.until)
        slot = self._slots.get(number)
        if slot is None:
            slot = self._slots[number] = {}
            self._set_timer(number)
        slot[wait] = None

    def discard(self, wait: Ending) -> None:
        slot = self._slots.get(_slot(wait.until))
        if slot is not None:
            slot.pop(wait, None)

    def _set_timer(self, number: int) -> None:
        within_s = number * SLOT_S - self._clock()
        asyncio.get_running_loop().call_later(max(0.0, within_s), self._end, number)

    def _end(self, number: int) -> None:
        now = self._clock()
        slot = self._slots[number]
        if any(wait.until > now for wait in slot):  # a loop's timers may come a little early
            self._set_timer(number)
            return
        del self._slots[number]
        for wait in slot:
            wait.wake()


def _slot(until: float) -> int:
    return math.ceil(until / SLOT_S)
