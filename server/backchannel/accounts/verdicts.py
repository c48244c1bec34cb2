"""Asks the site's policy, and remembers its recent answers."""

import threading
from collections.abc import Callable
from typing import Any, Final

from backchannel.protocol.commands import Command
from backchannel.protocol.errors import CommandError
from backchannel.protocol.shapes import User

REMEMBERED: Final = 10_000
"""Verdicts that are remembered; beyond, all are forgotten, which costs questions."""


class Verdicts:
    """May this person post in this room? As the policy said not long ago. Every method may be called from any thread."""

    def __init__(self, keep_s: float, clock: Callable[[], float]) -> None:
        self._keep_s = keep_s
        self._clock = clock
        self._lock = threading.Lock()
        self._found: dict[tuple[int, int], tuple[float, CommandError | None]] = {}

    def get(self, person_id: int, room_id: int) -> tuple[CommandError | None] | None:
        """A tuple of the refusal, or of None for a yes; None: it has to be asked."""
        found = self._found.get((person_id, room_id))
        return None if found is None or found[0] <= self._clock() else (found[1],)

    def allows(self, person_id: int, room_id: int) -> bool:
        """The policy said yes, and that still holds. Runs before every send."""
        found = self._found.get((person_id, room_id))
        return found is not None and found[1] is None and found[0] > self._clock()

    def put(self, person_id: int, room_id: int, refusal: CommandError | None) -> None:
        with self._lock:
            if len(self._found) >= REMEMBERED:
                self._found.clear()
            self._found[person_id, room_id] = (self._clock() + self._keep_s, refusal)


Check = Callable[[Any, User], Command]
"""Called in a thread. Returns the command that is to be carried out. Raises CommandError: refused."""
