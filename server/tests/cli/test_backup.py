"""backup, restore, promote: as somebody with a shell meets them."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from tests.cli.conftest import Run, Start
from tests.cli.test_cli import one_line


def names(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "backchannel.sqlite3")) as database:
        return [row[0] for row in database.execute("SELECT username FROM backchannel_accounts_user ORDER BY id")]


def epoch(folder: Path) -> str:
    with closing(sqlite3.connect(folder / "backchannel.sqlite3")) as database:
        return str(database.execute("SELECT epoch FROM backchannel_workspace").fetchone()[0])


def test_a_backup_brings_back_what_was_there_and_begins_a_new_epoch(run: Run, folder: Path, tmp_path: Path) -> None:
    run("createuser", "ada")
    assert run("backup", str(tmp_path / "copy")).status == 0
    before = epoch(folder)
    run("createuser", "bob")
    restored = run("restore", str(tmp_path / "copy"))
    assert (restored.status, restored.err) == (0, "")
    assert names(folder) == ["ada"]
    assert epoch(folder) != before
    kept = folder / "backchannel.sqlite3.before-restore"
    with closing(sqlite3.connect(kept)) as database:
        assert database.execute("SELECT COUNT(*) FROM backchannel_accounts_user").fetchone() == (2,)


def test_a_backup_is_made_beside_a_running_server_and_not_restored_beside_one(
    run: Run, start: Start, tmp_path: Path
) -> None:
    run("createuser", "ada")
    server = start()
    assert server.stdout is not None
    while "open" not in server.stdout.readline():
        assert server.poll() is None
    assert run("backup", str(tmp_path / "copy")).status == 0
    assert "another" in one_line(run("restore", str(tmp_path / "copy"))).lower()


def test_a_backup_replaces_nothing(run: Run, tmp_path: Path) -> None:
    (tmp_path / "copy").write_text("mine")
    assert "exists already" in one_line(run("backup", str(tmp_path / "copy")))
    assert (tmp_path / "copy").read_text() == "mine"
    assert "no folder" in one_line(run("backup", str(tmp_path / "nowhere" / "copy")))


@pytest.mark.parametrize("content", [b"", b"hello", b"PGDMP and more"])
def test_what_is_no_backup_is_refused_and_nothing_changes(
    run: Run, folder: Path, tmp_path: Path, content: bytes
) -> None:
    run("createuser", "ada")
    (tmp_path / "copy").write_bytes(content)
    assert "not a backup" in one_line(run("restore", str(tmp_path / "copy")))
    assert "cannot read" in one_line(run("restore", str(tmp_path / "nothing")))
    assert names(folder) == ["ada"]


def test_a_damaged_backup_is_refused_and_nothing_changes(run: Run, folder: Path, tmp_path: Path) -> None:
    run("createuser", "ada")
    run("backup", str(tmp_path / "copy"))
    with (tmp_path / "copy").open("r+b") as file:
        file.seek(8192)
        file.write(os.urandom(40960))
    one_line(run("restore", str(tmp_path / "copy")))
    assert names(folder) == ["ada"]


def test_a_promoted_standby_begins_a_new_epoch(run: Run, folder: Path) -> None:
    run("createuser", "ada")
    before = epoch(folder)
    assert run("promote").status == 0
    assert epoch(folder) != before


@pytest.mark.skipif(
    os.environ.get("BACKCHANNEL_TEST_DATABASE") != "postgres", reason="belongs to the run on PostgreSQL"
)
def test_postgresql_comes_back_from_a_dump(run: Run, tmp_path: Path) -> None:
    parts = urlsplit(os.environ["BACKCHANNEL_TEST_POSTGRES_URL"])
    name = f"backup_{os.getpid()}"
    with psycopg.connect(urlunsplit(parts), autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
        try:
            url = urlunsplit(parts._replace(path=f"/{name}"))
            ours = {"BACKCHANNEL_DATABASE_URL": url}
            run("createuser", "ada", **ours)
            assert run("backup", str(tmp_path / "copy"), **ours).err == ""
            run("createuser", "bob", **ours)
            restored = run("restore", str(tmp_path / "copy"), **ours)
            assert (restored.status, restored.err) == (0, "")
            with psycopg.connect(url) as database:
                people = database.execute("SELECT username FROM backchannel_accounts_user").fetchall()
            assert people == [("ada",)]
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")  # type: ignore[arg-type]
