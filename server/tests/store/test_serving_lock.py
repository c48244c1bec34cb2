"""Two processes on one database without a bus are logged; with a bus, or one after the other, they are not."""

import logging
import time

import pytest
from django.db import connection

from backchannel.store import serving_lock
from backchannel.store.serving_lock import ServingLock
from tests.postgres import wait_until_released
from tests.running import wait_until

LOOK_S = 0.05


@pytest.fixture(autouse=True)
def looks_often(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving_lock, "_LOOK_S", LOOK_S)


def found_others(log: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [each for each in log.records if "several_processes_without_redis" in each.getMessage()]


def stop(*locks: ServingLock) -> None:
    for lock in locks:
        lock.stop()
    if connection.vendor == "postgresql":
        wait_until_released(serving_lock._KEY, **connection.get_connection_params())


def test_two_processes_without_a_bus_know_of_each_other_and_log_it_but_not_at_each_look(
    caplog: pytest.LogCaptureFixture,
) -> None:
    first, second = ServingLock(has_bus=False), ServingLock(has_bus=False)
    try:
        first.start()
        second.start()
        wait_until(lambda: not first.is_alone and not second.is_alone)
        wait_until(lambda: len(found_others(caplog)) >= 2)
        time.sleep(10 * LOOK_S)
        assert len(found_others(caplog)) < 10
        record = found_others(caplog)[0]
        assert record.levelno == logging.ERROR
        assert "BACKCHANNEL_REDIS_URL" in record.getMessage()
        second.stop()
        wait_until(lambda: first.is_alone)
    finally:
        stop(first, second)


def test_processes_with_a_bus_or_in_succession_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    first, second = ServingLock(has_bus=True), ServingLock(has_bus=True)
    first.start()
    second.start()
    time.sleep(10 * LOOK_S)
    stop(first, second)
    for _ in range(2):
        sole = ServingLock(has_bus=False)
        sole.start()
        time.sleep(10 * LOOK_S)
        stop(sole)
    assert found_others(caplog) == []
