"""The commands backup, restore and promote, run as processes."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from backchannel.site import backup_postgres, backup_sqlite
from backchannel.site.database import database
from backchannel.site.database_problem import DatabaseUnusable
from backchannel.store import serving_lock
from backchannel.store.backup_marker import NAME, noted_backup
from tests.cli.conftest import Run, Start, clean_environment
from tests.cli.test_cli import one_line
from tests.cli.test_serve import port_of
from tests.postgres import new_database, on_postgres, wait_until_released

pytestmark = pytest.mark.prove


def names(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "backchannel.sqlite3")) as database:
        return [row[0] for row in database.execute("SELECT username FROM backchannel_accounts_user ORDER BY id")]


def epoch(folder: Path) -> str:
    with closing(sqlite3.connect(folder / "backchannel.sqlite3")) as database:
        return str(database.execute("SELECT epoch FROM backchannel_workspace").fetchone()[0])


def test_a_restore_brings_back_the_content_under_a_new_epoch(run: Run, folder: Path, tmp_path: Path) -> None:
    run("createuser", "--new", "ada")
    assert run("backup", str(tmp_path / "copy")).status == 0
    before = epoch(folder)
    run("createuser", "--new", "bob")
    restored = run("restore", str(tmp_path / "copy"))
    assert (restored.status, restored.err) == (0, "")
    assert names(folder) == ["ada"]
    assert epoch(folder) != before
    kept = folder / "backchannel.sqlite3.before-restore"
    with closing(sqlite3.connect(kept)) as database:
        assert database.execute("SELECT COUNT(*) FROM backchannel_accounts_user").fetchone() == (2,)


def test_a_restore_forgets_the_evidence_of_connections(run: Run, folder: Path, tmp_path: Path) -> None:
    """Its persons are numbers that the restored database gives to others."""
    run("createuser", "--new", "ada")
    run("backup", str(tmp_path / "copy"))
    for ending in ("", "-wal"):
        (folder / f"operations.sqlite3{ending}").write_bytes(b"x")
    assert run("restore", str(tmp_path / "copy")).status == 0
    assert not list(folder.glob("operations*"))


def test_a_backup_but_not_a_restore_works_beside_a_running_server(run: Run, start: Start, tmp_path: Path) -> None:
    run("createuser", "--new", "ada")
    server = start()
    assert server.stdout is not None
    while "open" not in server.stdout.readline():
        assert server.poll() is None
    assert run("backup", str(tmp_path / "copy")).status == 0
    assert "another" in one_line(run("restore", str(tmp_path / "copy"))).lower()


def test_a_backup_never_replaces_a_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "copy").write_text("mine")
    assert "exists already" in one_line(run("backup", str(tmp_path / "copy")))
    assert (tmp_path / "copy").read_text() == "mine"
    assert "no folder" in one_line(run("backup", str(tmp_path / "nowhere" / "copy")))


@pytest.mark.parametrize("content", [b"", b"hello", b"PGDMP and more"])
def test_a_file_that_is_not_a_backup_is_refused_and_nothing_changes(
    run: Run, folder: Path, tmp_path: Path, content: bytes
) -> None:
    run("createuser", "--new", "ada")
    (tmp_path / "copy").write_bytes(content)
    assert "not a backup" in one_line(run("restore", str(tmp_path / "copy")))
    assert "cannot read" in one_line(run("restore", str(tmp_path / "nothing")))
    assert names(folder) == ["ada"]


def test_a_damaged_backup_is_refused_and_nothing_changes(run: Run, folder: Path, tmp_path: Path) -> None:
    run("createuser", "--new", "ada")
    run("backup", str(tmp_path / "copy"))
    with (tmp_path / "copy").open("r+b") as file:
        file.seek(8192)
        file.write(os.urandom(40960))
    one_line(run("restore", str(tmp_path / "copy")))
    assert names(folder) == ["ada"]


def test_a_promoted_standby_begins_a_new_epoch(run: Run, folder: Path) -> None:
    run("createuser", "--new", "ada")
    before = epoch(folder)
    assert run("promote").status == 0
    assert epoch(folder) != before


WRITER = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)
database.execute("PRAGMA synchronous=OFF")
print("begun", flush=True)
while True:
    database.execute("INSERT INTO ballast (text) VALUES (hex(randomblob(50)))")
"""


def test_a_backup_finishes_beside_a_writer_that_never_pauses(run: Run, folder: Path, tmp_path: Path) -> None:
    run("createuser", "--new", "ada")
    path = folder / "backchannel.sqlite3"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE ballast (id INTEGER PRIMARY KEY, text TEXT)")
        database.executemany("INSERT INTO ballast (text) VALUES (?)", (("x" * 4000,) for _ in range(5500)))
    assert path.stat().st_size > 20 * 1024 * 1024
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE)

    def commits() -> int:
        with closing(sqlite3.connect(path, timeout=60)) as database:
            return int(database.execute("SELECT count(*) FROM ballast").fetchone()[0])

    try:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"begun\n"
        made = run("backup", str(tmp_path / "copy"))
        assert made.status == 0, made
        assert writer.poll() is None
        at_the_end = commits()
        while commits() == at_the_end:  # it writes still
            time.sleep(0.001)
    finally:
        writer.kill()
        writer.communicate()
    with closing(sqlite3.connect(tmp_path / "copy")) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        held = copy.execute("SELECT count(*) FROM ballast").fetchone()[0]
    assert 5500 <= held <= at_the_end


def test_a_backup_is_verified_counted_and_private(run: Run, folder: Path, tmp_path: Path) -> None:
    run("createuser", "--new", "ada")
    made = run("backup", str(tmp_path / "copy"))
    assert (made.status, made.err) == (0, "")
    with closing(sqlite3.connect(tmp_path / "copy")) as copy:
        tables = [row[0] for row in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        own = [name for name in tables if not name.startswith("sqlite_")]
        rows = sum(copy.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in own)
    assert f"{len(own)} tables, {rows:,} rows (1 accounts, 0 messages)" in made.out
    assert f"Database: SQLite database {folder / 'backchannel.sqlite3'}." in made.out
    assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir() if path.name != "data"] == ["copy"]


def test_a_backup_is_noted_in_the_data_folder_for_the_server_there(run: Run, folder: Path, tmp_path: Path) -> None:
    run("createuser", "--new", "ada")
    assert not (folder / NAME).exists()
    assert run("backup", str(tmp_path / "copy")).status == 0
    noted = noted_backup(folder / NAME)
    assert noted is not None
    assert noted.size_bytes == (tmp_path / "copy").stat().st_size
    assert run("backup", str(tmp_path / "copy")).status != 0
    assert noted_backup(folder / NAME) == noted


def test_backups_in_a_folder_are_dated_and_old_ones_deleted(run: Run, tmp_path: Path) -> None:
    run("createuser", "--new", "ada")
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    old = [shelf / f"backchannel-2020010{day}T000000Z.sqlite3" for day in (1, 2, 3)]
    for path in [*old, shelf / "mine.sqlite3"]:
        path.write_text("x")
    made = run("backup", str(shelf), "--keep", "2")
    assert made.status == 0, made
    left = sorted(path.name for path in shelf.iterdir())
    assert left[:1] == ["backchannel-20200103T000000Z.sqlite3"]
    assert len(left) == 3
    assert "mine.sqlite3" in left
    assert "needs a folder" in one_line(run("backup", str(shelf / "one"), "--keep", "2"))


def test_a_newer_database_can_be_backed_up_but_not_restored(run: Run, folder: Path, tmp_path: Path) -> None:
    run("createuser", "--new", "ada")
    run("backup", str(tmp_path / "of-this-version"))
    with sqlite3.connect(folder / "backchannel.sqlite3") as database:
        database.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('backchannel', '9999_later', '2099-01-01')"
        )
        database.execute("ALTER TABLE backchannel_workspace RENAME COLUMN name TO title")
    assert run("backup", str(tmp_path / "of-a-newer")).status == 0
    assert "newer version" in one_line(run("restore", str(tmp_path / "of-a-newer")))
    assert "newer version" in one_line(run("serve", "--port", "0"))
    assert run("restore", str(tmp_path / "of-this-version")).status == 0
    assert run("check").status == 0


def test_a_restore_never_overwrites_what_an_earlier_one_kept(run: Run, folder: Path, tmp_path: Path) -> None:
    run("createuser", "--new", "ada")
    run("backup", str(tmp_path / "copy"))
    printed = ""
    for name in ("bob", "cleo", "dan"):
        run("createuser", name)
        restored = run("restore", str(tmp_path / "copy"))
        assert restored.status == 0, restored
        printed = restored.out
    kept = sorted(folder.glob("*.before-restore*"))
    found = []
    for path in kept:
        assert str(path) in printed or path != kept[-1]
        with closing(sqlite3.connect(path)) as database:
            found.append([row[0] for row in database.execute("SELECT username FROM backchannel_accounts_user")])
    assert found == [["ada", "bob"], ["ada", "cleo"], ["ada", "dan"]]


def test_the_write_ahead_log_beside_a_copied_database_is_restored_too(run: Run, folder: Path, tmp_path: Path) -> None:
    run("createuser", "--new", "ada")
    copied = tmp_path / "copied"
    with closing(sqlite3.connect(folder / "backchannel.sqlite3")) as server:
        with server:
            server.execute("UPDATE backchannel_accounts_user SET display_name = 'last commit'")
        shutil.copytree(folder, copied)
    assert (copied / "backchannel.sqlite3-wal").stat().st_size > 0
    assert run("restore", str(copied / "backchannel.sqlite3")).status == 0
    with closing(sqlite3.connect(folder / "backchannel.sqlite3")) as database:
        assert database.execute("SELECT display_name FROM backchannel_accounts_user").fetchone() == ("last commit",)
    assert not list(folder.glob("*.coming*"))


def test_a_restore_is_refused_while_a_backup_still_reads_the_database(
    folder: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("createuser", "--new", "ada")
    run("backup", str(tmp_path / "copy"))
    place = folder / "backchannel.sqlite3"
    monkeypatch.setattr(backup_sqlite, "_PATIENCE_S", 0.2)
    with (
        closing(sqlite3.connect(place)) as writer,
        closing(sqlite3.connect(place, isolation_level=None)) as reader,
    ):
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM backchannel_accounts_user").fetchone()
        with writer:
            writer.execute("UPDATE backchannel_accounts_user SET display_name = 'since then'")
        with pytest.raises(DatabaseUnusable, match="still reads"):
            backup_sqlite.restore(tmp_path / "copy", place, "an epoch", backup_sqlite.read(place).migrations)
        assert writer.execute("SELECT display_name FROM backchannel_accounts_user").fetchone() == ("since then",)


def test_a_refused_restore_creates_no_folder_and_names_its_database(run: Run, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "hello").write_text("hello")
    (tmp_path / "dump").write_bytes(b"PGDMP and more")
    for name in ("hello", "dump", "nothing", ""):
        assert str(folder / "backchannel.sqlite3") in one_line(run("restore", str(tmp_path / name)))
    assert "of this kind of database: it is of PostgreSQL" in one_line(run("restore", str(tmp_path / "dump")))
    assert not folder.exists()


def test_the_new_backup_is_kept_even_if_the_clock_was_set_back(run: Run, tmp_path: Path) -> None:
    run("createuser", "--new", "ada")
    backups = tmp_path / "backups"
    backups.mkdir()
    for second in range(2):
        (backups / f"backchannel-20990101T00000{second}Z.sqlite3").write_text("of a clock that ran ahead")
    made = run("backup", str(backups), "--keep", "2")
    assert made.status == 0
    left = sorted(path.name for path in backups.iterdir())
    assert len(left) == 2
    assert left[0] in made.out
    assert left[1] == "backchannel-20990101T000001Z.sqlite3"


def test_an_interrupted_backup_leaves_no_file(run: Run, folder: Path, tmp_path: Path) -> None:
    run("createuser", "--new", "ada")
    with closing(sqlite3.connect(folder / "backchannel.sqlite3")) as database, database:
        database.execute("CREATE TABLE ballast (id INTEGER PRIMARY KEY, text TEXT)")
        database.executemany("INSERT INTO ballast (text) VALUES (?)", (("x" * 4000,) for _ in range(20_000)))
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "backchannel", "backup", "--data", str(folder), str(shelf / "copy")],
        env=clean_environment({}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not list(shelf.iterdir()):
        assert process.poll() is None
        time.sleep(0.001)
    process.send_signal(signal.SIGTERM)
    process.wait(60)
    assert [path.name for path in shelf.iterdir()] in ([], ["copy"])


@pytest.fixture
def postgres() -> Iterator[str]:
    """The URL of an empty database."""
    with new_database() as url:
        yield url


def people(url: str) -> list[str]:
    with psycopg.connect(url) as database:
        rows = database.execute("SELECT username FROM backchannel_accounts_user ORDER BY id").fetchall()
    return [row[0] for row in rows]


def epoch_of(url: str) -> str:
    with psycopg.connect(url) as database:
        row = database.execute("SELECT epoch FROM backchannel_workspace").fetchone()
    assert row is not None
    return str(row[0])


@on_postgres
def test_postgresql_is_restored_from_a_verified_dump(run: Run, postgres: str, tmp_path: Path) -> None:
    ours = {"BACKCHANNEL_DATABASE_URL": postgres}
    for command in (["createuser", "ada"], ["promote"], ["backup", str(tmp_path / "copy")]):
        assert "holds no tables of Backchannel" in one_line(run(*command, **ours))
    run("createuser", "--new", "ada", **ours)
    with psycopg.connect(postgres) as database:
        database.execute("INSERT INTO backchannel_search_meta (version, epoch) VALUES ('1', 'an epoch')")
    made = run("backup", str(tmp_path / "copy"), **ours)
    assert (made.status, made.err) == (0, "")
    with psycopg.connect(postgres) as database:
        # What is derived from the messages is not in it.
        tables = database.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'backchannel_search_%'"
        ).fetchone()
        assert tables is not None
    assert f": {tables[0]} tables, " in made.out.replace("bytes, ", "bytes: ")
    assert "(1 accounts, 0 messages)" in made.out
    assert f"Database: PostgreSQL database {urlsplit(postgres).path[1:]}" in made.out
    assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o600
    before = epoch_of(postgres)
    run("createuser", "bob", **ours)
    restored = run("restore", str(tmp_path / "copy"), **ours)
    assert (restored.status, restored.err) == (0, "")
    assert people(postgres) == ["ada"]
    assert epoch_of(postgres) != before
    with psycopg.connect(postgres) as database:
        assert database.execute("SELECT * FROM backchannel_search_meta").fetchall() == []


@on_postgres
def test_a_standby_is_detected_before_anything_is_done(run: Run, postgres: str, tmp_path: Path) -> None:
    run("createuser", "--new", "ada", BACKCHANNEL_DATABASE_URL=postgres)
    standby = f"{postgres}?options=-c%20synchronous_commit%3Don%20-c%20default_transaction_read_only%3Don"
    for command in (("token", "ada"), ("promote",), ("migrate",), ("serve", "--port", "0")):
        assert "is read-only" in one_line(run(*command, BACKCHANNEL_DATABASE_URL=standby))
    found = run("check", BACKCHANNEL_DATABASE_URL=standby)
    assert found.status == 1
    assert "is read-only" in found.out
    assert run("backup", str(tmp_path / "copy"), BACKCHANNEL_DATABASE_URL=standby).status == 0


@on_postgres
def test_nothing_is_restored_beside_a_server_on_postgresql(
    run: Run, start: Start, postgres: str, tmp_path: Path
) -> None:
    ours = {"BACKCHANNEL_DATABASE_URL": postgres}
    run("createuser", "--new", "ada", **ours)
    assert run("backup", str(tmp_path / "copy"), **ours).status == 0
    run("createuser", "bob", **ours)
    server = start(**ours)
    port_of(server)
    assert "1 server process uses" in one_line(run("restore", str(tmp_path / "copy"), **ours))
    assert people(postgres) == ["ada", "bob"]
    server.send_signal(signal.SIGTERM)
    server.communicate(timeout=30)
    wait_until_released(serving_lock._KEY, postgres)
    assert run("restore", str(tmp_path / "copy"), **ours).status == 0
    assert people(postgres) == ["ada"]


@on_postgres
def test_no_server_starts_beside_a_restore_on_postgresql(run: Run, postgres: str) -> None:
    ours = {"BACKCHANNEL_DATABASE_URL": postgres}
    run("createuser", "--new", "ada", **ours)
    with psycopg.connect(postgres, autocommit=True) as restoring:
        restoring.execute("SELECT pg_advisory_lock(%s)", [serving_lock._KEY])
        assert "is being restored" in one_line(run("serve", "--port", "0", **ours))


@on_postgres
def test_a_failed_restore_reports_why_and_changes_nothing(run: Run, postgres: str, tmp_path: Path) -> None:
    ours = {"BACKCHANNEL_DATABASE_URL": postgres}
    run("createuser", "--new", "ada", **ours)
    run("backup", str(tmp_path / "copy"), **ours)
    run("createuser", "bob", **ours)
    before = epoch_of(postgres)
    with psycopg.connect(postgres) as somebody:
        somebody.execute("SELECT * FROM backchannel_message")
        refused = one_line(run("restore", str(tmp_path / "copy"), **ours))
    assert refused.endswith("nothing was changed: canceling statement due to lock timeout\n")
    whole = (tmp_path / "copy").read_bytes()
    (tmp_path / "torn").write_bytes(whole[: len(whole) // 2])
    assert "damaged" in one_line(run("restore", str(tmp_path / "torn"), **ours))
    assert people(postgres) == ["ada", "bob"]
    assert epoch_of(postgres) == before


@on_postgres
def test_restoring_a_backup_from_before_an_upgrade_removes_the_newer_tables(
    run: Run, postgres: str, tmp_path: Path
) -> None:
    ours = {"BACKCHANNEL_DATABASE_URL": postgres}
    run("createuser", "--new", "ada", **ours)
    run("backup", str(tmp_path / "copy"), **ours)
    with psycopg.connect(postgres) as database:
        database.execute("CREATE TABLE backchannel_later (id int, message uuid REFERENCES backchannel_message)")
        database.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('backchannel', '9999_later', now())"
        )
    assert run("backup", str(tmp_path / "newer"), **ours).status == 0
    assert "newer version" in one_line(run("restore", str(tmp_path / "newer"), **ours))
    assert "newer version" in one_line(run("token", "ada", **ours))
    assert run("restore", str(tmp_path / "copy"), **ours).status == 0
    assert run("check", **ours).status == 0
    with psycopg.connect(postgres) as database:
        assert database.execute("SELECT to_regclass('backchannel_later')").fetchone() == (None,)


@on_postgres
def test_client_programs_that_are_too_old_are_reported_before_anything_is_done(
    postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup_postgres, "PROGRAMS", tmp_path / "none")
    monkeypatch.setenv("PATH", str(tmp_path))
    ours = database(postgres, tmp_path)
    with pytest.raises(DatabaseUnusable, match=r"pg_dump is not installed.*postgresql-client-\d+"):
        backup_postgres.program_for(ours, "pg_dump")
    (tmp_path / "pg_dump").write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.1'\n")
    (tmp_path / "pg_dump").chmod(0o755)
    with pytest.raises(DatabaseUnusable, match=r"of version 9, .* install the client programs of PostgreSQL \d+"):
        backup_postgres.program_for(ours, "pg_dump")
