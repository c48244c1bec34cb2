"""One suite for both stores of rate limits."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

import services
from backchannel.accounts.attempts import (
    Attempts,
    Count,
    MemoryAttempts,
    Refusal,
    Rule,
    SharedAttempts,
    in_memory,
    shared_attempts,
)

needs_redis = pytest.mark.skipif(not os.environ.get("BACKCHANNEL_TEST_REDIS_URL"), reason="no Redis for tests")

THREE = Rule("three", burst=3, every_s=60)
ONE = Rule("one", burst=1, every_s=600)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(params=["memory", pytest.param("redis", marks=needs_redis), "redis is away"])
def attempts(request: pytest.FixtureRequest) -> Iterator[Attempts]:
    if request.param == "memory":
        yield MemoryAttempts()
    elif request.param == "redis":
        yield shared_attempts(os.environ["BACKCHANNEL_TEST_REDIS_URL"])
    else:
        yield shared_attempts("redis://127.0.0.1:1/0")


@pytest.fixture
def key() -> str:
    return uuid4().hex


def test_a_burst_passes_and_then_a_refusal_names_the_time_to_wait(attempts: Attempts, key: str) -> None:
    assert [attempts.take([Count(THREE, key)]) for _ in range(3)] == [None, None, None]
    refusal = attempts.take([Count(THREE, key)])
    assert refusal is not None
    assert refusal.rule == THREE
    assert 0 < refusal.wait_s <= 60
    assert attempts.take([Count(THREE, key + "another")]) is None


def test_several_counts_are_taken_together_or_not_at_all(attempts: Attempts, key: str) -> None:
    both = [Count(THREE, key), Count(ONE, key)]
    assert attempts.take(both) is None
    for _ in range(5):
        refusal = attempts.take(both)
        assert refusal is not None
        assert refusal.rule == ONE
    assert [attempts.take([Count(THREE, key)]) for _ in range(2)] == [None, None]
    assert attempts.take([Count(THREE, key)]) is not None


def test_an_attempt_can_be_given_back_and_a_count_reset(attempts: Attempts, key: str) -> None:
    count = [Count(ONE, key)]
    for _ in range(5):
        assert attempts.take(count) is None
        attempts.give_back(count)
    assert attempts.take(count) is None
    assert attempts.take(count) is not None
    attempts.forget(count)
    assert attempts.take(count) is None


def test_concurrent_threads_never_exceed_the_burst(attempts: Attempts, key: str) -> None:
    outcomes: list[Refusal | None] = []
    go: Callable[[], None] = lambda: outcomes.append(attempts.take([Count(THREE, key)]))  # noqa: E731
    threads = [threading.Thread(target=go) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count(None) == 3


def test_attempts_become_available_again_one_by_one() -> None:
    clock = Clock()
    attempts = MemoryAttempts(clock)
    assert [attempts.take([Count(THREE, "a")]) is None for _ in range(4)] == [True, True, True, False]
    clock.now += 60
    assert [attempts.take([Count(THREE, "a")]) is None for _ in range(2)] == [True, False]


def test_a_flood_on_one_rule_does_not_evict_counts_of_another() -> None:
    attempts = MemoryAttempts(at_most=50)
    guessed = [Count(THREE, "the owner")]
    while attempts.take(guessed) is None:
        pass
    for number in range(1000):
        attempts.take([Count(ONE, f"reset {number}"), Count(THREE, f"somebody {number}")])
    assert attempts.take(guessed) is not None
    assert all(len(table) <= 50 for table in attempts._empty_at.values())


@needs_redis
def test_nodes_share_their_counts(key: str) -> None:
    nodes = [shared_attempts(os.environ["BACKCHANNEL_TEST_REDIS_URL"]) for _ in range(2)]
    assert [nodes[turn % 2].take([Count(THREE, key)]) is None for turn in range(5)] == [True, True, True, False, False]


def test_an_unreachable_redis_is_retried_rarely_and_not_per_request() -> None:
    asked = []

    class Away:
        def eval(self, *_: object) -> None:
            asked.append(clock.now)
            raise ConnectionError

    clock = Clock()
    attempts = SharedAttempts(Away(), clock)
    for _ in range(4):
        assert attempts.take([Count(THREE, uuid4().hex)]) is None
    clock.now += 10
    attempts.take([Count(THREE, "later")])
    assert asked == [1000.0, 1010.0]


@pytest.fixture
def redis() -> Iterator[services.Service]:
    with services.redis_service() as service:
        yield service


TROUBLE: dict[str, Callable[[services.Service], Any]] = {
    "killed": lambda redis: redis.stop(signal.SIGKILL),
    "frozen": lambda redis: redis.tell(signal.SIGSTOP),
}


@pytest.mark.parametrize("trouble", TROUBLE.values(), ids=TROUBLE)
def test_memory_replaces_an_unreachable_redis_and_is_counted(
    trouble: Callable[[services.Service], Any], redis: services.Service, key: str
) -> None:
    attempts = shared_attempts(redis.url)
    before = in_memory._value.get()
    assert attempts.take([Count(THREE, key)]) is None
    assert in_memory._value.get() == before
    trouble(redis)
    assert [attempts.take([Count(THREE, key)]) is None for _ in range(4)] == [True, True, True, False]
    assert in_memory._value.get() == before + 4


def test_redis_is_used_again_when_it_is_back(redis: services.Service, key: str) -> None:
    clock = Clock()
    attempts = SharedAttempts(shared_attempts(redis.url)._client, clock)
    redis.stop(signal.SIGKILL)
    assert attempts.take([Count(ONE, key)]) is None
    redis.start()
    assert attempts.take([Count(ONE, key)]) is not None  # Redis is not asked again yet
    clock.now += 10
    assert attempts.take([Count(ONE, key)]) is None
    assert shared_attempts(redis.url).take([Count(ONE, key)]) is not None
