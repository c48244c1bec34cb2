"""How often one user may ask. Token buckets, per user and process; pure: time is an argument.

Sends: 10 a second sustained, bursts of 60. Other commands: 30 a second, bursts of 60. A refused command costs the user
nothing but the wait it is told.
"""

from typing import Final

from backchannel.protocol.commands import Command, SendMessage
from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.shapes import Limits

COMMAND_BURST: Final = 60
SWEEP_EVERY: Final = 10_000


class Bucket:
    __slots__ = ("at", "tokens")

    def __init__(self, tokens: float, at: float) -> None:
        self.tokens = tokens
        self.at = at

    def take(self, now: float, rate: float, burst: float) -> float:
        """0 where one was taken; else the seconds until there is one."""
        self.tokens = min(burst, self.tokens + (now - self.at) * rate)
        self.at = now
        if self.tokens >= 1:
            self.tokens -= 1
            return 0.0
        return (1 - self.tokens) / rate


class Rates:
    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._sends: dict[int, Bucket] = {}
        self._commands: dict[int, Bucket] = {}

    def check(self, user_id: int, command: Command, now: float) -> None:
        """Raises `rate_limited` with the time to wait."""
        if isinstance(command, SendMessage):
            self._take(self._sends, user_id, now, self._limits.sends_per_second, self._limits.send_burst)
        else:
            self.check_request(user_id, now)

    def check_request(self, user_id: int, now: float) -> None:
        """Anything but a send: a command, a poll."""
        self._take(self._commands, user_id, now, self._limits.commands_per_second, COMMAND_BURST)

    def _take(self, buckets: dict[int, Bucket], user_id: int, now: float, rate: float, burst: float) -> None:
        bucket = buckets.get(user_id)
        if bucket is None:
            if len(buckets) >= SWEEP_EVERY:
                self._sweep(buckets, now, rate, burst)
            bucket = buckets[user_id] = Bucket(burst, now)
        wait = bucket.take(now, rate, burst)
        if wait:
            raise CommandError(
                Code.RATE_LIMITED, "That was too much at once. Wait a moment, then go on.", retry_after=round(wait, 3)
            )

    @staticmethod
    def _sweep(buckets: dict[int, Bucket], now: float, rate: float, burst: float) -> None:
        """Forget those that have filled up again."""
        full = [user for user, bucket in buckets.items() if bucket.tokens + (now - bucket.at) * rate >= burst]
        for user in full:
            del buckets[user]
