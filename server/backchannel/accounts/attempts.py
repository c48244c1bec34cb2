"""Rate limits: rules, and where attempts are counted. Knows neither Django nor HTTP.

    Rule("sign_in.account", burst=50, every_s=120)    50 at once, and one more every two minutes

A count is a single number, the time at which it is empty again (GCRA). Each attempt moves it `every_s` forward; an attempt that would
move it more than `burst` attempts ahead of now is refused and moves nothing. Several counts are taken together or not at all.

    MemoryAttempts    in this process; bounded per rule
    SharedAttempts    in Redis, for all nodes; in memory while Redis is away
"""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Protocol

from prometheus_client import Counter

from backchannel.process_log import ProcessLog

COUNTS_AT_MOST: Final = 20_000
"""Per rule. A count is kept only until it is empty; beyond this number, those nearest to empty are dropped first."""
REDIS_WITHIN_S: Final = 0.25
AWAY_S: Final = 5.0
"""Seconds without asking Redis after it did not answer."""

in_memory: Final = Counter(
    "backchannel_attempts_in_memory", "Limits checked in this process's memory because Redis did not answer."
)
_log = ProcessLog("backchannel.attempts")


@dataclass(frozen=True, slots=True)
class Rule:
    name: str
    burst: int
    """Attempts that may be made at once."""
    every_s: float
    """Seconds until one more attempt is available."""


class Count(NamedTuple):
    rule: Rule
    key: str
    """The subject of the count: a network, or the hash of a name."""


class Refusal(NamedTuple):
    rule: Rule
    wait_s: float


class Attempts(Protocol):
    """Thread-safe."""

    def take(self, counts: Sequence[Count]) -> Refusal | None:
        """Count one attempt in each. If one of them is used up, count none and return the refusal, with the time to wait."""

    def give_back(self, counts: Sequence[Count]) -> None:
        """Take back one attempt each: it was a legitimate one."""

    def forget(self, counts: Sequence[Count]) -> None:
        """Drop all attempts of these counts."""


class MemoryAttempts:
    def __init__(self, clock: Callable[[], float] = time.monotonic, at_most: int = COUNTS_AT_MOST) -> None:
        self._clock = clock
        self._at_most = at_most
        self._lock = threading.Lock()
        # One table per rule, so that a flood on a cheap rule does not evict the counts that protect a password.
        self._empty_at: dict[str, dict[str, float]] = {}

    def take(self, counts: Sequence[Count]) -> Refusal | None:
        with self._lock:
            now = self._clock()
            moved = []
            worst: Refusal | None = None
            for rule, key in counts:
                empty_at = max(now, self._empty_at.get(rule.name, {}).get(key, 0.0))
                wait_s = empty_at - now - (rule.burst - 1) * rule.every_s
                if wait_s > 0 and (worst is None or wait_s > worst.wait_s):
                    worst = Refusal(rule, wait_s)
                moved.append((rule.name, key, empty_at + rule.every_s))
            if worst is None:
                for name, key, empty_at in moved:
                    self._put(name, key, empty_at, now)
            return worst

    def give_back(self, counts: Sequence[Count]) -> None:
        with self._lock:
            for rule, key in counts:
                table = self._empty_at.get(rule.name, {})
                if key in table:
                    table[key] -= rule.every_s

    def forget(self, counts: Sequence[Count]) -> None:
        with self._lock:
            for rule, key in counts:
                self._empty_at.get(rule.name, {}).pop(key, None)

    def _put(self, name: str, key: str, empty_at: float, now: float) -> None:
        table = self._empty_at.setdefault(name, {})
        if key not in table and len(table) >= self._at_most:
            for empty in [each for each, at in table.items() if at <= now]:
                del table[empty]
            if len(table) >= self._at_most:
                # Keeps those with many attempts; those with a single one are dropped.
                for least in heapq.nsmallest(max(1, self._at_most // 10), table, key=table.__getitem__):
                    del table[least]
        table[key] = empty_at


# One step on the server, so that two nodes cannot both take the last attempt. Redis's clock counts, not the nodes'.
_TAKE: Final = """
local t = redis.call('TIME')
local now = tonumber(t[1]) + tonumber(t[2]) / 1000000
local worst, which, moved = 0, 0, {}
for i, key in ipairs(KEYS) do
  local burst, every = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local empty = math.max(now, tonumber(redis.call('GET', key) or '0'))
  local wait = empty - now - (burst - 1) * every
  if wait > worst then worst, which = wait, i end
  moved[i] = empty + every
end
if which > 0 then return {which, tostring(worst)} end
for i, key in ipairs(KEYS) do
  redis.call('SET', key, string.format('%.6f', moved[i]), 'PX', math.ceil((moved[i] - now) * 1000))
end
return {0, '0'}
"""
_GIVE_BACK: Final = """
for i, key in ipairs(KEYS) do
  local empty = redis.call('GET', key)
  if empty then redis.call('SET', key, string.format('%.6f', tonumber(empty) - tonumber(ARGV[i])), 'KEEPTTL') end
end
return 0
"""


class SharedAttempts:
    """`client`: redis-py's, with short timeouts. Falls back to this process's memory if Redis cannot be asked."""

    def __init__(self, client: Any, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self._here = MemoryAttempts(clock)
        self._away_until = 0.0

    def take(self, counts: Sequence[Count]) -> Refusal | None:
        limits = [number for rule, _ in counts for number in (rule.burst, rule.every_s)]
        answer = self._ask(lambda: self._client.eval(_TAKE, len(counts), *map(_name, counts), *limits))
        if answer is None:
            return self._here.take(counts)
        which, wait_s = int(answer[0]), float(answer[1])
        return Refusal(counts[which - 1].rule, wait_s) if which else None

    def give_back(self, counts: Sequence[Count]) -> None:
        steps = [rule.every_s for rule, _ in counts]
        if self._ask(lambda: self._client.eval(_GIVE_BACK, len(counts), *map(_name, counts), *steps)) is None:
            self._here.give_back(counts)

    def forget(self, counts: Sequence[Count]) -> None:
        self._here.forget(counts)
        self._ask(lambda: self._client.delete(*map(_name, counts)))

    def _ask(self, question: Callable[[], Any]) -> Any:
        """None if Redis does not answer."""
        from redis import RedisError

        if self._clock() >= self._away_until:
            try:
                return question()
            except (RedisError, OSError) as problem:
                self._away_until = self._clock() + AWAY_S
                _log.warning("attempts_counted_in_memory", error=type(problem).__name__)
        in_memory.inc()
        return None


def _name(count: Count) -> str:
    return f"backchannel:attempts:{count.rule.name}:{count.key}"


def shared_attempts(url: str) -> SharedAttempts:
    import redis

    # No retries: a server that is away delays one sign-in, once in `AWAY_S`.
    client = redis.Redis.from_url(url, socket_connect_timeout=REDIS_WITHIN_S, socket_timeout=REDIS_WITHIN_S, retry=None)
    return SharedAttempts(client)
