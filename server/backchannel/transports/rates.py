"""Rate limits of one user: token buckets, per user and chat. Pure: time is an argument. By default:

    frames      every frame on all sockets of the user together: 200 a second, bursts of 1,000
    messages    sent or scheduled: 10 a second sustained, bursts of 60
    commands    all other commands, polls, tickets and chat sessions: 30 a second, bursts of 60; a search counts as five
    changes     commands that leave an event in a log for ever: 1 a second, bursts of 60; and a tenth of that, bursts of 20, for each
                message reacted to or edited and each room renamed, joined or left
    files       files read, ranges of them included, and pieces of files sent: 50 a second, bursts of 500
    reports     1 in 2 seconds, bursts of 20: each may leave a few rows of evidence, which are bounded for all users together

A refused command takes no token. A client that goes on in spite of refusals is flooding.
"""

from collections.abc import Hashable
from typing import Final

from backchannel.protocol.commands import Command, declaration_of
from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.shapes import Limits

COMMAND_BURST: Final = 60
FILES_PER_SECOND: Final = 50.0
FILE_BURST: Final = 500
"""A room that is opened shows many pictures at once."""
BYTES_OF_A_REQUEST: Final = 32 * 1024
"""A body of this size counts as two requests, the largest of a poll as 33."""
FRAMES_PER_SECOND: Final = 200.0
FRAME_BURST: Final = 1000
"""At least: a site that allows more sends and commands allows twice as many frames as these together."""
REFUSALS_PER_SECOND: Final = 1.0
REFUSAL_BURST: Final = 100
"""A client with more refused frames is flooding, and is closed."""
SAME_RATE: Final = 0.1
SAME_BURST: Final = 1 / 3
"""The share of a user's changes that may concern the same message or room."""
REPORTS_PER_SECOND: Final = 0.5
REPORT_BURST: Final = 20
"""Of all clients of a user; each reports at most once in 8 seconds."""
SWEEP_AT: Final = 10_000
"""Buckets of one kind, at which the full ones are dropped."""


class Bucket:
    __slots__ = ("at", "tokens")

    def __init__(self, tokens: float, at: float) -> None:
        self.tokens = tokens
        self.at = at

    def take(self, now: float, rate: float, burst: float, count: float = 1) -> float:
        """Take `count` tokens. Returns 0, or, with none taken, the seconds until there are as many."""
        self.tokens = min(burst, self.tokens + (now - self.at) * rate)
        self.at = now
        if self.tokens >= count:
            self.tokens -= count
            return 0.0
        return (count - self.tokens) / rate


class Rates:
    def __init__(self, limits: Limits, sweep_at: int = SWEEP_AT) -> None:
        self._limits = limits
        self._sweep_at = sweep_at
        self._frames_per_second = max(FRAMES_PER_SECOND, 2 * (limits.sends_per_second + limits.commands_per_second))
        self._frame_burst = max(FRAME_BURST, 2 * (limits.send_burst + COMMAND_BURST))
        self._frames: dict[Hashable, Bucket] = {}
        self._refusals: dict[Hashable, Bucket] = {}
        self._sends: dict[Hashable, Bucket] = {}
        self._files: dict[Hashable, Bucket] = {}
        self._commands: dict[Hashable, Bucket] = {}
        self._changes: dict[Hashable, Bucket] = {}
        self._same: dict[Hashable, Bucket] = {}
        self._reports: dict[Hashable, Bucket] = {}

    def frame(self, user_id: int, now: float) -> float:
        """Count a frame on any socket of the user. Returns 0 if it is accepted, else the seconds until one is."""
        return self._take(self._frames, user_id, now, self._frames_per_second, self._frame_burst)

    def is_flood(self, user_id: int, now: float) -> bool:
        """Count a refused frame. True if there were too many."""
        return self._take(self._refusals, user_id, now, REFUSALS_PER_SECOND, REFUSAL_BURST) > 0

    def check(self, user_id: int, command: Command, now: float) -> None:
        """Count a command. Raises CommandError 429 `rate_limited` with the time to wait."""
        limits = self._limits
        declaration = declaration_of(command)
        if declaration.is_message:
            _check(self._take(self._sends, user_id, now, limits.sends_per_second, limits.send_burst))
            return
        self._check_commands(user_id, now, declaration.weight)
        change = declaration.change
        if change is None:
            return
        same = (user_id, change.what, *(getattr(command, name) for name in change.of)) if change.what else None
        if same is not None:
            rate, burst = limits.changes_per_second * SAME_RATE, max(1.0, limits.change_burst * SAME_BURST)
            _check(self._take(self._same, same, now, rate, burst))
        wait = self._take(self._changes, user_id, now, limits.changes_per_second, limits.change_burst)
        if wait and same is not None:
            self._same[same].tokens += 1
        _check(wait)

    def check_request(self, user_id: int, now: float, body_bytes: int = 0) -> None:
        """Count a command that is not a send, or a poll. A large body counts as several, since it takes as long to read. Raises
        CommandError 429."""
        self._check_commands(user_id, now, 1 + body_bytes // BYTES_OF_A_REQUEST)

    def _check_commands(self, user_id: int, now: float, count: int) -> None:
        _check(self._take(self._commands, user_id, now, self._limits.commands_per_second, COMMAND_BURST, count))

    def check_file(self, user_id: int, now: float) -> None:
        """Count a file that is read, or a piece of one that is sent. Raises CommandError 429."""
        _check(self._take(self._files, user_id, now, FILES_PER_SECOND, FILE_BURST))

    def check_report(self, user_id: int, now: float) -> None:
        """Count a client's report of its connection. Raises CommandError 429."""
        _check(self._take(self._reports, user_id, now, REPORTS_PER_SECOND, REPORT_BURST))

    def _take(
        self, buckets: dict[Hashable, Bucket], key: Hashable, now: float, rate: float, burst: float, count: float = 1
    ) -> float:
        bucket = buckets.get(key)
        if bucket is None:
            if len(buckets) >= self._sweep_at:
                self._sweep(buckets, now, rate, burst)
            bucket = buckets[key] = Bucket(burst, now)
        return bucket.take(now, rate, burst, count)

    @staticmethod
    def _sweep(buckets: dict[Hashable, Bucket], now: float, rate: float, burst: float) -> None:
        """Drop the buckets that are full again."""
        full = [key for key, bucket in buckets.items() if bucket.tokens + (now - bucket.at) * rate >= burst]
        for key in full:
            del buckets[key]


def refused(wait_s: float) -> CommandError:
    return CommandError(
        Code.RATE_LIMITED,
        f"Too many requests. Retry in {max(1, round(wait_s))} s.",
        retry_after=max(0.001, round(wait_s, 3)),
    )


def _check(wait_s: float) -> None:
    if wait_s:
        raise refused(wait_s)
