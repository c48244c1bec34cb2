"""A command works on the server's database or on none, and creates nothing on the way."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import Ran, Run, Start, clean_environment
from tests.cli.test_cli import one_line

pytestmark = pytest.mark.prove

COMMANDS = (
    ("backup", "{target}"),
    ("createuser", "maya"),
    ("token", "maya"),
    ("promote",),
    ("migrate",),
)


def words(command: tuple[str, ...], tmp_path: Path) -> list[str]:
    return [word.replace("{target}", str(tmp_path / "copy")) for word in command]


def bare(*arguments: str, home: Path, **environment: str) -> Ran:
    """`backchannel` where nothing names a data folder."""
    done = subprocess.run(
        [sys.executable, "-m", "backchannel", *arguments],
        env=clean_environment({"HOME": str(home), "XDG_DATA_HOME": "", **environment}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_command_without_a_database_says_where_it_looked_and_creates_nothing(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    problem = one_line(bare(*words(command, tmp_path), home=home))
    assert str(home / ".local/share/backchannel/backchannel.sqlite3") in problem
    assert "nothing names a data folder" in problem
    assert "--data" in problem
    mistyped = one_line(bare(*words(command, tmp_path), "--data", str(tmp_path / "dtaa"), home=home))
    assert str(tmp_path / "dtaa") in mistyped
    assert "(named by BACKCHANNEL_DATA (--data))" in mistyped
    url = f"sqlite:///{tmp_path / 'other.sqlite3'}"
    by_url = one_line(bare(*words(command, tmp_path), home=home, BACKCHANNEL_DATABASE_URL=url))
    assert f"{tmp_path / 'other.sqlite3'} (named by BACKCHANNEL_DATABASE_URL)" in by_url
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home"]
    assert list(home.iterdir()) == []


def test_check_without_a_database_reports_a_problem_and_creates_nothing(tmp_path: Path) -> None:
    found = bare("check", "--data", str(tmp_path / "dtaa"), home=tmp_path)
    assert found.status == 1
    assert f"problem  there is no database {tmp_path / 'dtaa'}" in found.out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
@pytest.mark.parametrize("content", [b"", b"other"], ids=["empty", "of another program"])
def test_a_database_of_another_program_is_left_unchanged(
    command: tuple[str, ...], content: bytes, run: Run, folder: Path, tmp_path: Path
) -> None:
    folder.mkdir()
    path = folder / "backchannel.sqlite3"
    path.write_bytes(b"")
    if content:
        with closing(sqlite3.connect(path)) as database, database:
            database.execute("CREATE TABLE other (id INTEGER)")
    assert str(path) in one_line(run(*words(command, tmp_path)))
    if content:
        with closing(sqlite3.connect(path)) as database:
            assert database.execute("SELECT name FROM sqlite_master").fetchall() == [("other",)]
    else:
        assert path.read_bytes() == b""
    assert not (tmp_path / "copy").exists()
    assert not (folder / "secret_key").exists()


def test_a_command_of_another_version_does_not_migrate(run: Run, folder: Path) -> None:
    run("createuser", "--new", "ada")
    with sqlite3.connect(folder / "backchannel.sqlite3") as database:
        database.execute("DELETE FROM django_migrations WHERE app = 'sessions'")
    assert "older version" in one_line(run("token", "ada"))
    assert "older version" in one_line(run("createuser", "bob"))
    assert "older version" in one_line(run("promote"))
    assert "migrations to apply" in run("check").out


def test_all_commands_read_the_environment_file(tmp_path: Path) -> None:
    data, env_file = tmp_path / "data", tmp_path / "backchannel.env"
    env_file.write_text(
        f"# The service's settings.\nBACKCHANNEL_DATA='{data}'\n; and more\nBACKCHANNEL_SIGNUP=\"closed\"\n"
    )
    assert bare("createuser", "--new", "maya", "--env-file", str(env_file), home=tmp_path).status == 0
    assert (data / "backchannel.sqlite3").exists()
    for command in (("token", "maya"), ("promote",), ("migrate",), ("check",), ("backup", str(tmp_path / "copy"))):
        ran = bare(*command, home=tmp_path, BACKCHANNEL_ENV_FILE=str(env_file))
        assert ran.status == 0, ran
        assert str(env_file) in ran.out + ran.err
    elsewhere = one_line(
        bare("promote", "--env-file", str(env_file), home=tmp_path, BACKCHANNEL_DATA=str(tmp_path / "other"))
    )
    assert str(tmp_path / "other") in elsewhere


def test_an_unreadable_environment_file_is_reported(tmp_path: Path) -> None:
    for option in (("--env-file", str(tmp_path / "none")), ("--env-file", str(tmp_path))):
        assert option[1] in one_line(bare("promote", *option, home=tmp_path))
    named = one_line(bare("promote", home=tmp_path, BACKCHANNEL_ENV_FILE=str(tmp_path / "none")))
    assert "BACKCHANNEL_ENV_FILE" in named
    wrong = tmp_path / "wrong"
    wrong.write_text("BACKCHANNEL_PORT=eighty\n")
    assert "BACKCHANNEL_PORT" in one_line(bare("serve", "--env-file", str(wrong), home=tmp_path))


as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as somebody else")
SOMEBODY = 12345


@as_root
def test_commands_run_by_root_leave_no_files_of_root_in_the_folder(run: Run, folder: Path, tmp_path: Path) -> None:
    run("createuser", "--new", "ada")
    for path in [folder, *folder.iterdir()]:
        os.chown(path, SOMEBODY, SOMEBODY)
    (folder / "secret_key").unlink()
    for command in (
        ("createuser", "bob"),
        ("token", "bob"),
        ("promote",),
        ("migrate",),
        ("check",),
        ("backup", str(tmp_path / "copy")),
        ("restore", str(tmp_path / "copy")),
        ("token", "bob"),
    ):
        ran = run(*command)
        assert ran.status == 0, ran
        assert {path.stat().st_uid for path in [folder, *folder.iterdir()]} == {SOMEBODY}, command
    assert (tmp_path / "copy").stat().st_uid == 0


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_blank_folder_or_file_is_refused(command: tuple[str, ...], run: Run, tmp_path: Path) -> None:
    """As `--data "$UNSET"` of a script gives it."""
    for blank in (("--data", ""), ("--env-file", " ")):
        refused = run(*words(command, tmp_path), *blank)
        assert refused.status == 2
        assert f"argument {blank[0]}: is blank" in refused.err
    assert "argument FILE: is blank" in run("backup", "").err
    assert "argument FILE: is blank" in run("restore", "").err
    assert not list(tmp_path.iterdir())


def test_the_setting_that_names_a_missing_database_is_reported(run: Run, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'other.sqlite3'}"
    problem = one_line(run("token", "maya", BACKCHANNEL_DATABASE_URL=url))
    assert f"there is no database {tmp_path / 'other.sqlite3'} (named by BACKCHANNEL_DATABASE_URL)" in problem


def test_every_command_reports_a_misspelt_setting(run: Run, start: Start) -> None:
    made = run("createuser", "--new", "maya", BACKCHANNEL_DATABSE_URL="postgres://elsewhere/chat")
    assert "did you mean BACKCHANNEL_DATABASE_URL?" in made.err
    server = start(BACKCHANNEL_ORIGIN="https://chat.example.com")
    assert server.stderr is not None
    assert "did you mean BACKCHANNEL_ORIGINS?" in server.stderr.readline()


def test_text_that_no_database_could_store_is_refused_in_one_line(run: Run) -> None:
    run("createuser", "--new", "maya")
    for wrong in (
        ("token", "maya", "--label", "x" * 81),
        ("token", "maya", "--label", "\udcff"),
        ("token", "ma\udcffya"),
    ):
        one_line(run(*wrong))


@pytest.mark.parametrize("command", [("token", "maya"), ("promote",)], ids=lambda words: words[0])
def test_a_database_error_is_one_line_that_names_the_database(command: tuple[str, ...], run: Run, folder: Path) -> None:
    """As on a full disk, and on a read-only standby."""
    run("createuser", "--new", "maya")
    path = folder / "backchannel.sqlite3"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(
            "CREATE TRIGGER full_token BEFORE INSERT ON backchannel_accounts_token "
            "BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
        )
        database.execute(
            "CREATE TRIGGER full_epoch BEFORE UPDATE ON backchannel_workspace "
            "BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
        )
    problem = one_line(run(*command))
    assert "database error: database or disk is full" in problem
    assert str(path) in problem


def test_an_unknown_option_in_a_redis_address_stops_the_start(run: Run) -> None:
    problem = one_line(run("serve", "--port", "0", BACKCHANNEL_REDIS_URL="redis://:secret@127.0.0.1:1/0?databse=1"))
    assert "BACKCHANNEL_REDIS_URL: address 1 cannot be used" in problem
    assert "secret" not in problem
