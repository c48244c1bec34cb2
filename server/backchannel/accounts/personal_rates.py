"""How often one person may change something of their account. Counted in memory: each process has its own."""

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
"""Looking at and ending one's own sessions and tokens."""


class PersonalRates:
    """`take(rule, account)`: raises `CommandError` 429 with the time to wait. A refusal costs nothing more."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._attempts = MemoryAttempts(clock)

    def take(self, rule: Rule, account: str) -> None:
        refusal = self._attempts.take([Count(rule, account)])
        if refusal is not None:
            seconds = math.ceil(refusal.wait_s)
            raise CommandError(Code.RATE_LIMITED, f"Too many requests. Retry in {seconds} s.", retry_after=seconds)


_here = PersonalRates()


def take(rule: Rule, account: str) -> None:
    """In this process. Raises `CommandError` 429."""
    _here.take(rule, account)


def forget() -> None:
    """For tests: what one of them did is nothing to the next."""
    global _here
    _here = PersonalRates()
