"""The time that a search may take, on a clock that is given."""

from collections.abc import Callable
from typing import Final

SEARCH_S: Final = 0.05


class Budget:
    def __init__(self, clock: Callable[[], float], seconds: float = SEARCH_S) -> None:
        """`clock`: seconds, monotonic."""
        self._clock = clock
        self._until = clock() + seconds

    def left_s(self) -> float:
        """Negative once it is used up."""
        return self._until - self._clock()

    @property
    def is_over(self) -> bool:
        return self.left_s() <= 0
