"""How often one person may change something of their account. Token buckets in memory: each process has its own."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

from backchannel.protocol.errors import Code, CommandError

REMEMBERED = 10_000


class PersonalRate:
    """`burst` at once, then one in `every_s` seconds."""

    def __init__(self, burst: int, every_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._burst = burst
        self._every_s = every_s
        self._clock = clock
        self._lock = threading.Lock()
        # When each person's bucket will be full again.
        self._full_at: dict[str, float] = {}

    def take(self, account: str) -> None:
        """Raises `CommandError` 429 with the time to wait. A refusal costs nothing more."""
        with self._lock:
            now = self._clock()
            full_at = max(now, self._full_at.get(account, 0.0)) + self._every_s
            wait = full_at - now - self._burst * self._every_s
            if wait > 0:
                seconds = math.ceil(wait)
                raise CommandError(Code.RATE_LIMITED, f"Too many requests. Retry in {seconds} s.", retry_after=seconds)
            if len(self._full_at) >= REMEMBERED:
                self._full_at = {key: at for key, at in self._full_at.items() if at > now}
            self._full_at[account] = full_at

    def forget(self) -> None:
        with self._lock:
            self._full_at.clear()


profile = PersonalRate(burst=10, every_s=6)
invitations = PersonalRate(burst=30, every_s=10)
credentials = PersonalRate(burst=60, every_s=1)
"""Looking at and ending one's own sessions and tokens."""


def forget() -> None:
    """For tests: what one of them did is nothing to the next."""
    for rate in (profile, invitations, credentials):
        rate.forget()
