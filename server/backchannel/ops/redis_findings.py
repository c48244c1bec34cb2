"""Does every Redis answer, and is it set up for a bus? The addresses may hold passwords, and are never shown."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any, Final

from backchannel.findings import Finding

_TIMEOUT_S: Final = 3
_SLOW_MS: Final = 20
_PINGS: Final = 20
_BUFFER_BYTES: Final = 1024 * 1024
"""A subscriber's output buffer that a burst of messages in large rooms may fill."""


def answering(urls: Sequence[str], setting: str) -> Iterator[Finding]:
    """One finding for each address. `setting`: what names them."""
    if not urls:
        yield Finding("D110", "ok", "no Redis: right for a single process")
        return
    for name, url in _named(urls, setting):
        problem = _problem(url)
        if problem:
            yield Finding("D110", "problem", f"{name}: {problem}")
        else:
            yield Finding("D110", "ok", f"{name} answers")


def details(urls: Sequence[str], setting: str) -> Iterator[Finding]:
    """Latency and settings of each Redis that answers."""
    import redis

    for name, url in _named(urls, setting):
        try:
            with redis.Redis.from_url(url, socket_connect_timeout=_TIMEOUT_S, socket_timeout=_TIMEOUT_S) as client:
                yield _latency(name, client)
                yield from _buffers(name, client)
        except (redis.RedisError, TypeError, ValueError):
            continue  # `answering` says it


def _named(urls: Sequence[str], setting: str) -> Iterator[tuple[str, str]]:
    return ((f"Redis {number} of {setting}", url) for number, url in enumerate(urls, start=1))


def _problem(url: str) -> str:
    """Why it does not answer; "" if it does."""
    import redis

    try:
        with redis.Redis.from_url(url, socket_connect_timeout=_TIMEOUT_S, socket_timeout=_TIMEOUT_S) as client:
            client.ping()
    except (redis.RedisError, TypeError, ValueError) as problem:  # the latter two: an unknown option in the address
        return str(problem).splitlines()[0]
    return ""


def _latency(name: str, client: Any) -> Finding:
    took = []
    for _ in range(_PINGS):
        started = time.perf_counter()
        client.ping()
        took.append((time.perf_counter() - started) * 1000)
    middle = sorted(took)[_PINGS // 2]
    version = client.info("server").get("redis_version", "of unknown version")
    word, more = ("note", ": every message waits for it; put it nearer") if middle > _SLOW_MS else ("ok", "")
    return Finding("D110", word, f"{name} is {version}, answers in {middle:.1f} ms{more}")  # type: ignore[arg-type]


def _buffers(name: str, client: Any) -> Iterator[Finding]:
    import redis

    try:
        limits = str(client.config_get("client-output-buffer-limit").get("client-output-buffer-limit", ""))
    except redis.RedisError:
        return  # hosted ones do not show their settings
    words = limits.split()
    if "pubsub" not in words:
        return
    hard = int(words[words.index("pubsub") + 1])
    if 0 < hard < _BUFFER_BYTES:
        yield Finding(
            "D110",
            "problem",
            f"{name} disconnects subscribers that are {hard:,} bytes behind, which one busy second can be",
            "client-output-buffer-limit pubsub 32mb 8mb 60",
        )
