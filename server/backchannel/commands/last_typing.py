"""Which typing frames are worth passing on."""

from typing import Final

EVERY_S: Final = 3.0
"""Clients repeat "is typing" while it lasts; within this time it is passed on once."""
REMEMBERED: Final = 10_000
"""Pairs of room and user whose last frame is remembered; beyond, all are forgotten, which costs repetitions."""


class LastTyping:
    """The last typing frame that was passed on, by room and user; one table per chat."""

    def __init__(self) -> None:
        self._last: dict[tuple[int, int], tuple[float, bool]] = {}

    def is_news(self, room_id: int, user_id: int, *, active: bool, now: float) -> bool:
        """Is this to be passed on? "Stopped" is at once after "is typing", since it ends what the others see; and only then."""
        at, was_active = self._last.get((room_id, user_id), (-EVERY_S, False))
        if not ((active and now - at >= EVERY_S) or (was_active and not active)):
            return False
        if len(self._last) >= REMEMBERED:
            self._last.clear()
        self._last[room_id, user_id] = (now if active else at, active)
        return True
