"""Commits reach SQLite's file by checkpoints that no caller waits for."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection

from backchannel.store import checkpoints
from backchannel.store.log import Log
from tests.running import wait_until
from tests.store.making import append, person, room

pytestmark = pytest.mark.skipif("connection.vendor == 'postgresql'", reason="belongs to the run on SQLite")
EVERY = 10


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "EVERY", EVERY)
    monkeypatch.setattr(checkpoints, "PAUSE_S", 0.0)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # the tables


def in_the_file(room_id: int, folder: Path) -> int:
    """Number of the room's messages in the database file itself, without the write-ahead log."""
    copy = folder / "copy.sqlite3"
    shutil.copy(connection.settings_dict["NAME"], copy)
    with closing(sqlite3.connect(f"file:{copy}?immutable=1", uri=True)) as database:
        try:
            rows = database.execute("SELECT COUNT(*) FROM backchannel_message WHERE room_id = ?", (room_id,))
            count: int = rows.fetchone()[0]
        except sqlite3.DatabaseError:  # copied while it was written to
            return -1
    return count


def write(log: Log, count: int) -> int:
    ada = person()
    room_id = room(ada)
    for number in range(count):
        log.submit(append(room_id, ada, f"{number}")).result(30)
    return room_id


def test_commits_are_checkpointed_into_the_file(log: Log, tmp_path: Path) -> None:
    room_id = write(log, EVERY - 1)
    assert in_the_file(room_id, tmp_path) == 0
    again = write(log, EVERY)
    wait_until(lambda: in_the_file(room_id, tmp_path) == EVERY - 1)
    write(log, EVERY)
    wait_until(lambda: in_the_file(again, tmp_path) == EVERY)


def test_a_failed_checkpoint_affects_no_caller(log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []

    class Broken:
        vendor = "sqlite"

        def cursor(self) -> Any:
            tried.append(1)
            raise OperationalError

        def close(self) -> None: ...

    with monkeypatch.context() as patch:
        patch.setattr(checkpoints, "connection", Broken())
        room_id = write(log, EVERY)
        wait_until(lambda: tried)
    write(log, EVERY)
    wait_until(lambda: in_the_file(room_id, tmp_path) == EVERY)


def test_a_stopped_writer_leaves_no_running_checkpoint(log: Log) -> None:
    write(log, EVERY)
    thread = log._checkpoints._thread
    assert thread is not None
    log.stop()
    assert not thread.is_alive()
