"""The clock's metric: of PostgreSQL, and absent on SQLite."""

import asyncio
import itertools
import time
from contextlib import suppress

import prometheus_client
import pytest
from django.db import connection

from backchannel.ops.clock_watch import offset, show_offset, watch_clock
from backchannel.protocol.errors import Code, CommandError
from backchannel.store.clock import offset_s


@pytest.fixture(autouse=True)
def _unregistered() -> None:
    with suppress(KeyError):
        prometheus_client.REGISTRY.unregister(offset)


@pytest.mark.usefixtures("module_database")
def test_a_clock_that_is_ahead_is_measured_where_the_database_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    measured = time.time
    monkeypatch.setattr("backchannel.store.clock.time.time", lambda: measured() + 3600)
    found = offset_s()
    assert found is None if connection.vendor == "sqlite" else found == pytest.approx(3600, abs=60)


def test_nothing_is_shown_while_nothing_is_known() -> None:
    show_offset(None)
    assert "backchannel_clock_offset" not in prometheus_client.generate_latest().decode()
    show_offset(-0.25)
    show_offset(0.5)
    assert "backchannel_clock_offset_seconds 0.5" in prometheus_client.generate_latest().decode()


async def test_a_database_that_does_not_answer_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backchannel.ops.clock_watch.INTERVAL_S", 0)
    asked = itertools.count()
    shown = asyncio.Event()

    async def read(_: object) -> float | None:
        number = next(asked)
        if number == 0:
            raise CommandError(Code.UNAVAILABLE, "away")
        if number > 1:
            shown.set()
        return 0.125

    watching = asyncio.create_task(watch_clock(read))
    await shown.wait()
    watching.cancel()
    assert "backchannel_clock_offset_seconds 0.125" in prometheus_client.generate_latest().decode()
