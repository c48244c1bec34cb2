"""On a full disk nothing new is stored, every caller gets the same error, and reads still work."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError

from backchannel.store import disk, log
from backchannel.store.disk import Space
from tests.running import PATIENCE_S, Running, somebody


class OfPostgres(Exception):
    sqlstate = "53100"


def of_sqlite(folder: Path) -> Exception:
    """What SQLite really raises."""
    with closing(sqlite3.connect(folder / "small")) as database:
        database.execute("PRAGMA max_page_count=2")
        database.execute("CREATE TABLE t (x)")
        try:
            database.execute("INSERT INTO t VALUES (zeroblob(100000))")
        except sqlite3.OperationalError as error:
            return error
    raise AssertionError


@pytest.fixture(params=["sqlite", "postgresql"])
def full(request: pytest.FixtureRequest, tmp_path: Path, server: Running) -> Iterator[None]:
    """Every commit is refused as either database refuses it."""
    cause = OfPostgres() if request.param == "postgresql" else of_sqlite(tmp_path)

    def refuse(*_: Any) -> None:
        raise OperationalError("full") from cause

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log, "commit", refuse)
        yield
    look(server)


def look(server: Running) -> None:
    """What the node does every few seconds."""
    asyncio.run_coroutine_threadsafe(server.chat.watch.look(), server.chat.log._loop).result(PATIENCE_S)


def test_a_send_on_a_full_disk_says_so_and_when_to_retry_on_both_transports(server: Running, full: None) -> None:
    ada = somebody("ada")
    said = {"content": "hello", "room_id": 1}
    with server.device(ada) as device:
        for answer in (
            server.call(ada, "send_message", **said, id=str(uuid4())),
            device.call("send_message", **said, id=str(uuid4())),
            device.call("create_room", kind="channel", name="new"),
        ):
            assert (answer.body["code"], answer.status) == ("unavailable", 503)
            assert answer.body["detail"] == "The server's disk is full, so nothing can be stored. Retry in 10 s."
            assert answer.body["retry_after"] == 10
        assert device.call("ping").ok
    assert server.call(ada, "get_room_list").ok
    assert server.sync(ada).status_code == 200


def test_a_node_with_a_full_disk_is_not_ready_until_a_write_succeeds(server: Running, full: None) -> None:
    assert server.http.get("/readyz").status_code == 200
    server.call(somebody("ada"), "create_room", kind="channel", name="new")
    for _ in range(2):
        answer = server.http.get("/readyz")
        assert (answer.status_code, answer.json()["disk"]) == (503, "full")
        look(server)
    assert "backchannel_disk_full 1.0" in server.http.get("/metrics").text


def test_a_node_becomes_ready_by_itself_when_the_disk_has_space(server: Running) -> None:
    server.chat.log.disk.refused = True
    assert server.http.get("/readyz").status_code == 503
    look(server)
    assert server.http.get("/readyz").json()["ready"] is True
    figures = server.http.get("/metrics").text
    assert "backchannel_disk_full 0.0" in figures
    assert "backchannel_bus_up 1.0" in figures


def test_too_little_space_counts_as_a_full_disk_before_a_write_fails(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "space", lambda of=None: Space(free=1000, size=10**9))
    assert server.http.get("/readyz").json()["disk"] == "full"


@pytest.mark.parametrize(
    ("free", "size", "is_full"),
    [
        (0, 24_000_000, True),
        (400_000, 24_000_000, True),
        (600_000, 24_000_000, False),
        (16 * 1024**2 - 1, 10**12, True),
        (16 * 1024**2, 10**12, False),
    ],
)
def test_the_least_free_space_of_a_disk_that_is_not_full(free: int, size: int, is_full: bool) -> None:
    assert Space(free, size).is_full == is_full


def test_other_database_errors_are_not_reported_as_a_full_disk() -> None:
    assert not disk.is_full(OperationalError("database is locked"))
    error = sqlite3.OperationalError("locked")
    assert not disk.is_full(error)
