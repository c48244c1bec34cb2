"""The heartbeat: what keeps a live session alive, and tells a client what it may have missed.

    resting ──`interval_s` after the last, or soon after a room was joined──▶ due ──beat──▶ resting
       └── nothing from the client for `interval_s` + SILENCE_MARGIN_S ──▶ silent: to be closed

Theory. A heartbeat is a ping that names the rooms that moved since the last one, with their heads: a client that lacks an event
sees it there. The client answers, so a session from which nothing comes is dead. Of ten thousand sessions nearly all have nothing
to do in a given second: before `idle_until` nothing is due. What the client sends meanwhile only postpones it.
"""

from typing import Final

SILENCE_MARGIN_S: Final = 10.0


class Heartbeat:
    """All times are in seconds of the session's clock."""

    __slots__ = ("_beat_at", "_interval_s", "_is_soon", "_received_at", "idle_until")

    def __init__(self, interval_s: float, now: float) -> None:
        self._interval_s = interval_s
        self._received_at = now
        """When the client sent something last."""
        self._beat_at = now
        """When the last heartbeat was sent, or the position was read."""
        self._is_soon = False
        """The next one does not wait for the interval."""
        self.idle_until = 0.0
        """Before then nothing is due; 0 while that is not known."""

    def received(self, now: float) -> None:
        self._received_at = now

    def start(self, now: float) -> None:
        """The frames sent during the catch-up are current as of `now`."""
        self._beat_at = now

    def hasten(self) -> None:
        """Beat at the next tick."""
        self._is_soon = True
        self.idle_until = 0.0

    def wake(self) -> None:
        self.idle_until = 0.0

    def is_silent(self, now: float) -> bool:
        return now - self._received_at >= self._interval_s + SILENCE_MARGIN_S

    def is_due(self, now: float) -> bool:
        return self._is_soon or now - self._beat_at >= self._interval_s

    def beat(self, now: float) -> float:
        """A heartbeat is sent. Returns when the last one was."""
        last, self._beat_at = self._beat_at, now
        self._is_soon = False
        return last

    def rest(self) -> None:
        """Nothing is due before the next heartbeat or the end of patience."""
        self.idle_until = self._interval_s + min(self._received_at + SILENCE_MARGIN_S, self._beat_at)
