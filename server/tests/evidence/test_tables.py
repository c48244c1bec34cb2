"""What both sides saw of an attempt ends up in one row with one cause, counted once, whichever side is first to notice."""

import itertools
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from msgspec import structs

from backchannel.evidence import schema, upkeep
from backchannel.evidence.classify import Reached
from backchannel.evidence.database import Connected, PostgresTables, SqliteFile
from backchannel.evidence.errors import ErrorGroups
from backchannel.evidence.forgetting import forget_evidence_of
from backchannel.evidence.rows import Arrived, Ended, Failed, Origin, Reported, RowIds, Seen, attempt_number, id_at
from backchannel.evidence.tables import Tables
from backchannel.protocol.frames import ClientInfo
from backchannel.protocol.reports import AttemptReport, Report

START_US = 1_700_000_000_000_000
CLEO = Origin(7, "203.0.113.0/24", "chrome 131, windows", "1.1 squid")
DEVICE = 4711


class World:
    """The tables, and a clock that a test moves."""

    def __init__(self, connected: Connected) -> None:
        self.connected = connected
        self.ids = RowIds(1)
        self.tables = Tables("node-a", self.ids, ErrorGroups())
        self.now_us = START_US
        self.numbers = itertools.count(1)
        self.counted: list[str] = []

    def write(self, *rows: Any) -> None:
        with self.connected.transaction() as driver:
            verdicts = self.tables.write(driver, rows)
        self.counted += [verdict.cause or "" for verdict in verdicts]

    def attempt(self) -> str:
        return f"{next(self.numbers):016x}"

    def next_id(self) -> int:
        self.now_us += 1_000_000
        return self.ids.next(self.now_us)

    def report(self, *attempts: AttemptReport, person: int = 7) -> Reported:
        self.now_us += 1_000_000
        origin = Origin(person, CLEO.network, CLEO.agent)
        client = ClientInfo("web", "1", "a0000000-0000-4000-8000-000000000000")
        return Reported(self.now_us, origin, Report(client=client, attempts=list(attempts)), DEVICE)

    def rows(self) -> list[dict[str, Any]]:
        names = ("id", "person", "reached", "status", "stage", "cause", "lived_ms", "code", "seen")
        with self.connected.transaction() as driver:
            found = driver.query(f"SELECT {', '.join(names)} FROM ops_connection ORDER BY id", [])
            rows = [dict(zip(names, row, strict=True)) for row in found]
            for row in rows:
                row["stage"] = self.tables.words.word_of(driver, row["stage"])
                row["cause"] = self.tables.words.word_of(driver, row["cause"])
        return rows


@pytest.fixture
def world(module_database: None) -> Iterator[World]:
    """On the database that the tests run on: a file of its own, or tables of PostgreSQL."""
    if connection.vendor == "postgresql":
        connected = PostgresTables().connect()
        with connected.transaction() as driver:
            driver.execute(f"TRUNCATE {', '.join(schema.TABLES)}", [])
    else:
        connected = SqliteFile(None).connect()
    yield World(connected)
    connected.close()


def cut(attempt: str, lived_ms: int = 60_000, **more: Any) -> AttemptReport:
    return AttemptReport(
        id=attempt, took=[40, 30, 20, 10], ended="closed", code=1006, age=0, lived=lived_ms, http=True, **more
    )


def test_a_stripped_upgrade_is_named_before_its_client_reports(world: World) -> None:
    attempt = world.attempt()
    world.write(Arrived(world.next_id(), "websocket", CLEO, Reached.NO_UPGRADE, 426, attempt_number(attempt)))
    world.write(world.report(AttemptReport(id=attempt, ended="closed", code=1006, age=0, lived=80)))
    (row,) = world.rows()
    assert (row["stage"], row["cause"]) == ("upgrade", "upgrade_stripped")
    assert world.counted == ["upgrade_stripped"]


def test_an_attempt_that_never_arrived_is_a_row_of_its_client_alone(world: World) -> None:
    attempt = AttemptReport(id=world.attempt(), ended="timeout", age=500, lived=8000, http=True)
    report = world.report(attempt)
    world.write(report)
    world.write(report)  # the answer to the first was lost
    (row,) = world.rows()
    assert (row["person"], row["stage"], row["cause"], row["lived_ms"]) == (7, "reach", "blocked_before", 8000)
    assert row["id"] >= id_at(report.at_us - 8_500_000)
    assert world.counted == ["blocked_before"]


@pytest.mark.parametrize("is_server_first", [True, False])
def test_a_restart_is_counted_once_whichever_side_is_first(world: World, is_server_first: bool) -> None:
    attempt, row_id = world.attempt(), world.next_id()
    world.write(Arrived(row_id, "websocket", CLEO, attempt=attempt_number(attempt)))
    ended = Ended(row_id, "websocket", 5000, 1012, "restart", 3, "web", DEVICE)
    reported = world.report(
        AttemptReport(id=attempt, took=[40, 30, 20, 10], ended="going_away", code=1012, age=0, lived=5000)
    )
    world.write(*([ended, reported] if is_server_first else [reported, ended]))
    assert [row["cause"] for row in world.rows()] == ["restart"]
    assert world.counted == ["restart"]


def test_the_third_cut_after_the_same_time_is_an_idle_cut(world: World) -> None:
    for lived_ms in (60_000, 60_400, 59_900):
        attempt, row_id = world.attempt(), world.next_id()
        world.write(Arrived(row_id, "websocket", CLEO, attempt=attempt_number(attempt)))
        world.write(
            Ended(row_id, "websocket", lived_ms, 1006, "link_lost", 4, "web", DEVICE),
            world.report(cut(attempt, lived_ms)),
        )
    assert [row["cause"] for row in world.rows()] == ["unknown", "unknown", "idle_cut"]


def test_what_the_client_knows_corrects_what_the_server_guessed(world: World) -> None:
    attempt, row_id = world.attempt(), world.next_id()
    world.write(Arrived(row_id, "websocket", CLEO, attempt=attempt_number(attempt)))
    world.write(Ended(row_id, "websocket", 50_000, 4408, "silent", 4, "web", DEVICE))
    assert [row["cause"] for row in world.rows()] == [""]
    world.write(world.report(cut(attempt, 50_000, slept=600_000)))
    assert [row["cause"] for row in world.rows()] == ["asleep"]
    assert world.counted == ["asleep"]


def test_nobody_reports_on_the_attempts_of_another(world: World) -> None:
    attempt, row_id = world.attempt(), world.next_id()
    world.write(Arrived(row_id, "websocket", CLEO, attempt=attempt_number(attempt)))
    world.write(world.report(cut(attempt), person=8))
    (row,) = world.rows()
    assert (row["person"], row["cause"]) == (7, "")
    assert world.counted == []


def test_a_page_that_was_closed_has_no_cause_and_is_not_counted(world: World) -> None:
    row_id = world.next_id()
    world.write(
        Arrived(row_id, "websocket", CLEO), Ended(row_id, "websocket", 9000, 1001, "client_gone", 3, "web", DEVICE)
    )
    assert [(row["code"], row["cause"]) for row in world.rows()] == [(1001, "")]
    assert world.counted == []


def test_what_a_client_has_seen_is_kept_with_its_connection(world: World) -> None:
    row_id = world.next_id()
    world.write(Arrived(row_id, "websocket", CLEO), Seen(row_id, {7: 1041, 8: 3}), Seen(row_id, {7: 1042}))
    world.write(Seen(row_id, {9: 1}))
    assert [row["seen"] for row in world.rows()] == ['{"7":1042,"8":3,"9":1}']


def test_no_more_than_the_rooms_that_moved_last_are_kept(world: World) -> None:
    row_id = world.next_id()
    world.write(Arrived(row_id, "websocket", CLEO))
    world.write(*(Seen(row_id, {room: room}) for room in range(100)))
    world.write(Seen(row_id, {70: 71}))
    (row,) = world.rows()
    assert len(row["seen"]) <= 1024
    assert row["seen"].endswith('"98":98,"99":99,"70":71}')


def test_an_end_without_its_beginning_is_ignored(world: World) -> None:
    world.write(Ended(world.next_id(), "websocket", 9000, 1006, "link_lost", 3), Seen(world.next_id(), {7: 1}))
    assert world.rows() == []


def test_the_oldest_connections_are_deleted_by_age_and_by_number(world: World) -> None:
    for _ in range(10):
        world.write(Arrived(world.next_id(), "websocket", CLEO))
    with world.connected.transaction() as driver:
        assert upkeep.delete_step(driver, world.now_us, 14, 7) == 3
        assert upkeep.delete_step(driver, world.now_us, 14, 7) == 0
        assert upkeep.delete_step(driver, world.now_us + 15 * upkeep.DAY_US, 14, 7) == 7


def test_old_rows_are_nobodys_and_words_that_nobody_uses_are_deleted(world: World) -> None:
    world.write(Arrived(world.next_id(), "websocket", CLEO, device=DEVICE))
    with world.connected.transaction() as driver:
        upkeep.forget_old(driver, world.tables.words, world.now_us + 31 * upkeep.DAY_US, 60)
        assert driver.query("SELECT person, device FROM ops_connection", []) == [(None, None)]
        upkeep.delete_step(driver, world.now_us + 61 * upkeep.DAY_US, 60, 10)
        upkeep.forget_old(driver, world.tables.words, world.now_us + 61 * upkeep.DAY_US, 60)
        assert driver.query("SELECT kind FROM ops_word WHERE kind IN ('network', 'agent', 'via')", []) == []


def test_recorders_are_kept_for_a_while_and_not_for_ever(world: World) -> None:
    report = world.report()
    recorded = structs.replace(report, report=structs.replace(report.report, why="person", recorder=["12 wake"]))
    world.write(recorded, report)
    with world.connected.transaction() as driver:
        ((why, body),) = driver.query("SELECT why, body FROM ops_report", [])
        assert why == "person"
        assert b"12 wake" in zlib.decompress(bytes(body))
        upkeep.forget_old(driver, world.tables.words, world.now_us + 15 * upkeep.DAY_US, 14)
        assert driver.query("SELECT count(*) FROM ops_report", []) == [(0,)]


def test_an_hour_is_rolled_up_without_persons_and_again_when_reports_come_late(world: World) -> None:
    hour = world.now_us // upkeep.HOUR_US
    attempts = [world.attempt() for _ in range(3)]
    for attempt in attempts:
        row_id = world.next_id()
        world.write(Arrived(row_id, "websocket", CLEO, attempt=attempt_number(attempt)))
        world.write(Ended(row_id, "websocket", 61_000, 1006, "link_lost", 3, "web", DEVICE))
    with world.connected.transaction() as driver:
        upkeep.roll_up(driver, world.tables.words, hour)
    world.write(world.report(cut(attempts[0], offline=True)))
    with world.connected.transaction() as driver:
        assert upkeep.roll_up(driver, world.tables.words, hour) == 3
        rows = driver.query(
            "SELECT transport, cause, code, network, connections, lives FROM ops_hour ORDER BY cause", []
        )
    assert [row[:5] for row in rows] == [
        ("websocket", "", 1006, "203.0.113.0/24", 1),
        ("websocket", "idle_cut", 1006, "203.0.113.0/24", 1),
        ("websocket", "offline", 1006, "203.0.113.0/24", 1),
    ]
    assert rows[0][5] == "[0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]"


def test_an_hour_has_a_bounded_number_of_groups() -> None:
    counts = {("websocket", "unknown", 1006, f"10.0.{n}.0/24", "chrome"): [n + 1, 0, 0] for n in range(1000)}
    groups = upkeep.bounded(counts)
    assert len(groups) <= upkeep.GROUPS
    assert sum(group[0] for group in groups.values()) == sum(group[0] for group in counts.values())


def test_hours_that_were_missed_are_rolled_up_later() -> None:
    now_us = 1000 * upkeep.HOUR_US
    assert upkeep.hours_due(None, now_us) == [997, 998, 999]
    assert upkeep.hours_due(999, now_us) == [997, 998, 999]
    assert upkeep.hours_due(990, now_us) == list(range(991, 1000))
    assert len(upkeep.hours_due(1, now_us)) == 360


def test_of_an_erased_person_nothing_is_kept(world: World) -> None:
    row_id = world.next_id()
    world.write(Arrived(row_id, "websocket", CLEO, device=DEVICE), Seen(row_id, {7: 1}))
    with world.connected.transaction() as driver:
        assert upkeep.forget_person(driver, 7) == 1
    (row,) = world.rows()
    assert (row["person"], row["seen"]) == (None, None)


def test_evidence_that_was_never_kept_is_not_made_to_forget_somebody(tmp_path: Path) -> None:
    file = tmp_path / "operations.sqlite3"
    forget_evidence_of(7, SqliteFile(file))
    assert not file.exists()
    connected = SqliteFile(file).connect()
    world = World(connected)
    world.write(Arrived(world.next_id(), "websocket", CLEO))
    forget_evidence_of(7, SqliteFile(file))
    assert [row["person"] for row in world.rows()] == [None]
    connected.close()


def test_errors_are_grouped_and_bounded(world: World) -> None:
    def failed(kind: str, reference: str = "") -> Failed:
        world.now_us += 1
        return Failed(world.now_us, "server", kind, "log.py:commit", "sample", reference, "1.0")

    world.write(*(failed("ValueError", f"AAAA-{number:04}") for number in range(300)))
    world.write(*(failed(f"Error{number}") for number in range(1000)))
    with world.connected.transaction() as driver:
        rows = driver.query("SELECT kind, count, reference FROM ops_error ORDER BY last_us", [])
    assert len(rows) == 200
    assert rows[-1][:2] == ("Error999", 1)


def test_the_last_references_of_a_group_find_it(world: World) -> None:
    world.write(
        *(
            Failed(world.now_us + n, "server", "ValueError", "log.py:commit", "sample", f"AAAA-{n:04}")
            for n in range(30)
        )
    )
    with world.connected.transaction() as driver:
        ((count, references),) = driver.query("SELECT count, reference FROM ops_error", [])
    assert count == 30
    assert references.split()[0] == "AAAA-0029"
    assert len(references.split()) == 20


def test_the_file_is_for_its_owner_alone_and_is_opened_again(tmp_path: Path) -> None:
    database = SqliteFile(tmp_path / "operations.sqlite3")
    database.connect().close()
    connected = database.connect()
    World(connected).write(Arrived(RowIds(1).next(START_US), "websocket", CLEO))
    assert (tmp_path / "operations.sqlite3").stat().st_mode & 0o077 == 0
    connected.close()


def test_a_connection_takes_no_more_than_150_bytes(tmp_path: Path) -> None:
    """200,000 of them are 30 MB, a million 150 MB."""
    database = SqliteFile(tmp_path / "operations.sqlite3")
    connected = database.connect()
    world = World(connected)
    count = 20_000
    for start in range(0, count, 500):
        ids = [world.next_id() for _ in range(500)]
        origins = [Origin(row_id % 5000, f"10.{row_id % 50}.0.0/24", "chrome 131, windows") for row_id in ids]
        world.write(
            *(
                Arrived(
                    row_id, "websocket", origin, attempt=(start + n) * 7919**4 % 2**63, session=row_id * 7919**3 % 2**63
                )
                for n, (row_id, origin) in enumerate(zip(ids, origins, strict=True))
            )
        )
        world.write(
            *(Ended(row_id, "websocket", 61_000, 1001, "client_gone", 40, "web", row_id % 5000 << 40) for row_id in ids)
        )
    connected.close()
    assert (tmp_path / "operations.sqlite3").stat().st_size / count <= 150
