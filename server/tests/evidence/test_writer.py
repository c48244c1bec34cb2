"""Evidence is never in the way: what cannot be written is dropped and counted, and the writer goes on."""

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from backchannel.evidence import metrics, upkeep, writer
from backchannel.evidence.classify import Reached, Verdict
from backchannel.evidence.database import Connected, SqliteFile
from backchannel.evidence.errors import ErrorGroups
from backchannel.evidence.rows import Arrived, Ended, Origin, RowIds
from backchannel.evidence.settings import EvidenceSettings
from backchannel.evidence.tables import Tables
from backchannel.evidence.writer import EvidenceWriter
from backchannel.store.driver import Driver
from tests.running import wait_until

START_US = 1_700_000_000_000_000
ids = RowIds(1)


def arrived() -> Arrived:
    return Arrived(ids.next(START_US), "websocket", Origin(7), Reached.NO_UPGRADE, 426)


def dropped() -> float:
    return float(next(iter(metrics.dropped.collect())).samples[0].value)


class World:
    def __init__(self, path: Path, rows: int = 1_000_000) -> None:
        self.database = SqliteFile(path)
        self.counted: list[Verdict] = []
        settings = EvidenceSettings("on", rows=rows)
        self.writer = EvidenceWriter(self.database, Tables("n", ids, ErrorGroups()), settings, self.counted.extend)

    def count(self, table: str = "ops_connection") -> int:
        connected = self.database.connect()
        try:
            with connected.transaction() as driver:
                return int(driver.query(f"SELECT count(*) FROM {table}", [])[0][0])
        finally:
            connected.close()


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "operations.sqlite3")


def test_rows_are_written_and_verdicts_counted_by_the_thread(world: World) -> None:
    world.writer.start()
    for _ in range(3):
        world.writer.put(arrived())
    world.writer.wake()
    wait_until(lambda: len(world.counted) == 3)
    world.writer.put(arrived())
    world.writer.stop()
    assert world.count() == 4


def test_beyond_the_queue_rows_are_dropped_and_counted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "QUEUED", 5)
    before = dropped()
    for _ in range(8):
        world.writer.put(arrived())
    assert dropped() == before + 3
    world.writer.flush()
    assert world.count() == 5


class BrokenAtFirst:
    """A database whose transactions fail so many times."""

    def __init__(self, inner: SqliteFile, failures: int) -> None:
        self._inner = inner
        self.failures = failures

    def exists(self) -> bool:
        return self._inner.exists()

    def reading(self) -> AbstractContextManager[Driver | None]:
        return self._inner.reading()

    def connect(self) -> Connected:
        connected = self._inner.connect()
        outer = self

        class Breaking:
            @contextmanager
            def transaction(self) -> Iterator[Driver]:
                with connected.transaction() as driver:
                    yield driver
                    if outer.failures:
                        outer.failures -= 1
                        raise sqlite3.OperationalError("database is locked")

            def close(self) -> None:
                connected.close()

            def close_if_own(self) -> None:
                connected.close()

        return Breaking()


@pytest.mark.parametrize(("failures", "kept"), [(1, 2), (2, 0)])
def test_a_batch_that_fails_is_tried_once_more_then_dropped(world: World, failures: int, kept: int) -> None:
    world.writer.database = BrokenAtFirst(world.database, failures)
    before = dropped()
    for _ in range(2):
        world.writer.put(arrived())
    world.writer.flush()
    assert (world.count(), dropped() - before, len(world.counted)) == (kept, 2 - kept, kept)
    world.writer.put(arrived())
    world.writer.flush()
    assert world.count() == kept + 1


def test_a_file_that_is_deleted_is_made_again(world: World) -> None:
    world.writer.put(arrived())
    world.writer.flush()
    world.writer._disconnect()
    world.database.path.unlink()
    world.writer.put(arrived())
    world.writer.flush()
    assert world.count() == 1


def test_with_a_full_disk_nothing_is_written(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "_is_disk_full", lambda: True)
    before = dropped()
    world.writer.put(arrived())
    world.writer.flush()
    assert dropped() == before + 1
    assert not world.database.exists()


def test_upkeep_rolls_up_and_deletes(tmp_path: Path) -> None:
    world = World(tmp_path / "operations.sqlite3", rows=1000)
    hours_ago, older = START_US - 2 * upkeep.HOUR_US, RowIds(2)
    for _ in range(1500):
        world.writer.put(Arrived(older.next(hours_ago), "websocket", Origin(7), Reached.NO_UPGRADE, 426))
    world.writer.flush()
    world.writer.keep_up(START_US)
    assert world.count() == 1000
    connected = world.database.connect()
    with connected.transaction() as driver:
        rows: list[Any] = driver.query("SELECT transport, cause, connections FROM ops_hour", [])
    connected.close()
    assert rows == [("websocket", "upgrade_stripped", 1500)]


def test_a_row_that_makes_no_sense_does_not_stop_the_writer(world: World) -> None:
    world.writer.put(Ended(ids.next(START_US), "websocket", 1, 1006, "link_lost", 1))
    world.writer.put("nonsense")  # type: ignore[arg-type]
    world.writer.put(arrived())
    world.writer.flush()
    world.writer.put(arrived())
    world.writer.flush()
    assert world.count() == 1


def test_the_thread_says_that_its_process_is_there(world: World) -> None:
    world.writer.start()
    wait_until(lambda: world.count("ops_node") == 1)
    world.writer.stop()
