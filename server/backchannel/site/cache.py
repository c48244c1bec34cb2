"""Django's cache where there is Redis: shared by all nodes while Redis answers, this process's own while it does not.

What is kept in it are counters of limits: one that counts for each process alone lets a little more through, one that raises lets
nobody sign in. A Redis that hangs is as bad as one that is gone, so it is waited for shortly, and then left alone for a while.
"""

from __future__ import annotations

import threading
import time
from typing import Any, Final

import structlog
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from prometheus_client import Counter
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

WITHIN_S: Final = 0.5
"""For a connection, and for an answer."""
LEFT_ALONE_S: Final = 5.0
OWN_ENTRIES: Final = 10_000

fallbacks: Final = Counter(
    "backchannel_cache_fallbacks", "Times that the process's own memory stood in for the cache in Redis."
)
_log = structlog.get_logger("backchannel.cache")


class _Server:
    """What the threads of this process know of one Redis."""

    def __init__(self) -> None:
        self.away_until = 0.0


_servers: dict[str, _Server] = {}
_lock = threading.Lock()


class FallbackCache(BaseCache):
    """`LOCATION`: the address of a Redis. Django makes one of these for each thread."""

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        options = {
            "socket_connect_timeout": WITHIN_S,
            "socket_timeout": WITHIN_S,
            "retry": Retry(NoBackoff(), 0),
        }
        self._shared = RedisCache(location, {**params, "OPTIONS": options})
        self._own = LocMemCache("backchannel", {**params, "OPTIONS": {"MAX_ENTRIES": OWN_ENTRIES}})
        with _lock:
            self._server = _servers.setdefault(location, _Server())

    def _ask(self, name: str, *args: Any, **named: Any) -> Any:
        if time.monotonic() >= self._server.away_until:
            try:
                return getattr(self._shared, name)(*args, **named)
            except (RedisError, OSError) as error:
                self._server.away_until = time.monotonic() + LEFT_ALONE_S
                _log.warning("cache_lost", error=type(error).__name__)
        fallbacks.inc()
        return getattr(self._own, name)(*args, **named)

    def add(self, key: Any, value: Any, *args: Any, **named: Any) -> bool:
        return bool(self._ask("add", key, value, *args, **named))

    def get(self, key: Any, *args: Any, **named: Any) -> Any:
        return self._ask("get", key, *args, **named)

    def set(self, key: Any, value: Any, *args: Any, **named: Any) -> None:
        self._ask("set", key, value, *args, **named)

    def touch(self, key: Any, *args: Any, **named: Any) -> bool:
        return bool(self._ask("touch", key, *args, **named))

    def delete(self, key: Any, *args: Any, **named: Any) -> bool:
        return bool(self._ask("delete", key, *args, **named))

    def has_key(self, key: Any, *args: Any, **named: Any) -> bool:
        return bool(self._ask("has_key", key, *args, **named))

    def incr(self, key: Any, *args: Any, **named: Any) -> int:
        return int(self._ask("incr", key, *args, **named))

    def clear(self) -> None:
        self._own.clear()
        self._ask("clear")

    def close(self, **named: Any) -> None:
        self._shared.close(**named)
