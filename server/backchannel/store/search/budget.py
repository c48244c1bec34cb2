"""The time that a search may take, on a clock that is given."""

from collections.abc import Callable
from typing import Final

SEARCH_S: Final = 0.05
STEP_S: Final = 0.02
"""The first step in the index may take this long even where what came before it used up the time."""


class Budget:
    def __init__(self, clock: Callable[[], float], seconds: float = SEARCH_S) -> None:
        """`clock`: seconds, monotonic."""
        self._clock = clock
        self._until = clock() + seconds

    def at_least(self, seconds: float) -> "Budget":
        """One that lasts `seconds` from now, or as long as this one if that is longer."""
        return Budget(self._clock, max(seconds, self.left_s()))

    def left_s(self) -> float:
        """Negative once it is used up."""
        return self._until - self._clock()

    @property
    def is_over(self) -> bool:
        return self.left_s() <= 0
