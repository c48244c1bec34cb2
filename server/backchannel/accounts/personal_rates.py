"""Rate limits on changes to one's own account. Counted in memory, per process."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Final

from backchannel.accounts.attempts import Count, MemoryAttempts, Rule
from backchannel.protocol.errors import Code, CommandError

PROFILE: Final = Rule("profile.person", burst=10, every_s=6)
INVITATIONS: Final = Rule("invitations.person", burst=30, every_s=10)
CREDENTIALS: Final = Rule("credentials.person", burst=60, every_s=1)
"""Listing and ending one's own sessions and tokens."""


class PersonalRates:
    """`take(rule, account)` raises `CommandError` 429 with the time to wait. A refused attempt is not counted."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._attempts = MemoryAttempts(clock)

    def take(self, rule: Rule, account: str) -> None:
        refusal = self._attempts.take([Count(rule, account)])
        if refusal is not None:
            seconds = math.ceil(refusal.wait_s)
            raise CommandError(Code.RATE_LIMITED, f"Too many requests. Retry in {seconds} s.", retry_after=seconds)


_here = PersonalRates()


def take(rule: Rule, account: str) -> None:
    """Count in this process. Raises `CommandError` 429."""
    _here.take(rule, account)


def forget() -> None:
    """For tests: reset all counts."""
    global _here
    _here = PersonalRates()
