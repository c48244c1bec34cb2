"""Two processes on one database without a bus are logged; with a bus, or one after the other, they are not."""

import time

import pytest
from django.db import connection
from structlog.testing import capture_logs
from structlog.typing import EventDict

from backchannel.store import serving_lock
from backchannel.store.serving_lock import ServingLock
from tests.advisory_locks import wait_until_released

PATIENCE_S = 20
LOOK_S = 0.05


@pytest.fixture(autouse=True)
def looks_often(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving_lock, "_LOOK_S", LOOK_S)


def count_logged(logs: list[EventDict]) -> int:
    return [entry["event"] for entry in logs].count("several_processes_without_redis")


def wait_until_logged(logs: list[EventDict]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not count_logged(logs):
        assert time.monotonic() < deadline, "nothing was logged"
        time.sleep(LOOK_S)


def stop(*locks: ServingLock) -> None:
    for lock in locks:
        lock.stop()
    if connection.vendor == "postgresql":
        wait_until_released(serving_lock._SOLE_KEY, **connection.get_connection_params())


def test_a_second_process_without_a_bus_is_logged_once() -> None:
    first, second = ServingLock(has_bus=False), ServingLock(has_bus=False)
    with capture_logs() as logs:
        try:
            first.start()
            second.start()
            wait_until_logged(logs)
            time.sleep(10 * LOOK_S)
            assert count_logged(logs) == 1
            (entry,) = (entry for entry in logs if entry["event"] == "several_processes_without_redis")
            assert "BACKCHANNEL_REDIS_URL" in entry["what"]
        finally:
            stop(first, second)


def test_processes_with_a_bus_or_in_succession_are_not_logged() -> None:
    with capture_logs() as logs:
        for _ in range(2):
            sole, shared = ServingLock(has_bus=False), ServingLock(has_bus=True)
            sole.start()
            shared.start()
            time.sleep(10 * LOOK_S)
            stop(sole, shared)
        assert count_logged(logs) == 0
