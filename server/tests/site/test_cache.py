"""The cache in Redis, and what stands in for it: whoever signs in notices nothing."""

import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import services
from backchannel.site import cache as site_cache
from backchannel.site.cache import FallbackCache


@pytest.fixture
def redis() -> Iterator[services.Service]:
    with services.redis_service() as service:
        yield service


@pytest.fixture
def cache(redis: services.Service) -> FallbackCache:
    return FallbackCache(redis.url, {})


def exercise(cache: FallbackCache) -> None:
    cache.set("a", 1, 60)
    assert cache.get("a") == 1
    assert cache.add("a", 2, 60) is False
    assert cache.incr("a") == 2
    assert cache.decr("a") == 1
    assert cache.has_key("a")
    assert cache.touch("a", 30)
    assert cache.get_many(["a", "b"]) == {"a": 1}
    assert cache.get_or_set("b", 5) == 5
    cache.set_many({"c": [1], "d": {"x": 2}})
    assert (cache.get("c"), cache.get("d"), cache.get("e", "none")) == ([1], {"x": 2}, "none")
    assert cache.delete("a")
    cache.delete_many(["b", "c"])
    cache.clear()
    assert cache.get("d") is None


def counted() -> float:
    return site_cache.fallbacks._value.get()


def test_it_is_shared_while_redis_answers(cache: FallbackCache, redis: services.Service) -> None:
    before = counted()
    exercise(cache)
    cache.set("shared", 1)
    assert FallbackCache(redis.url, {}).get("shared") == 1
    assert counted() == before


TROUBLE: dict[str, Callable[[services.Service], Any]] = {
    "killed": lambda redis: redis.stop(signal.SIGKILL),
    "frozen": lambda redis: redis.tell(signal.SIGSTOP),
}


@pytest.mark.parametrize("trouble", TROUBLE.values(), ids=TROUBLE)
def test_the_processs_own_memory_stands_in_and_is_counted(
    trouble: Callable[[services.Service], Any], cache: FallbackCache, redis: services.Service
) -> None:
    trouble(redis)
    before = counted()
    exercise(cache)
    assert counted() > before
    # Every thread has one of these; they know from each other that Redis is away, and share what stands in.
    cache.set("a", 1)
    assert FallbackCache(redis.url, {}).get("a") == 1


def test_redis_is_used_again_when_it_is_back(
    cache: FallbackCache, redis: services.Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    redis.stop(signal.SIGKILL)
    cache.set("a", "own")
    redis.start()
    assert cache.get("a") == "own"  # it is left alone for a moment
    cache._server.away_until = 0
    assert cache.get("a") is None
    cache.set("a", "shared")
    assert FallbackCache(redis.url, {}).get("a") == "shared"


def test_what_stands_in_is_bounded(cache: FallbackCache, redis: services.Service) -> None:
    redis.stop(signal.SIGKILL)
    for number in range(site_cache.OWN_ENTRIES + 50):
        cache.set(f"key-{number}", number)
    assert len(cache._own._cache) <= site_cache.OWN_ENTRIES
