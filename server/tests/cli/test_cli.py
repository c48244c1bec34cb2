import re
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.conftest import Ran, Run


def one_line(ran: Ran) -> str:
    """What an expected failure looks like: exit 2, nothing on stdout, one line on stderr."""
    assert ran.status == 2, ran
    assert ran.out == ""
    assert re.fullmatch(r"backchannel: [^\n]+\n", ran.err), ran.err
    return ran.err


def test_the_first_account_owns_the_server_and_the_next_does_not(run: Run, folder: Path) -> None:
    first = run("createuser", "--new", "ada")
    # The line of the audit log stands before it.
    assert (first.status, first.err.splitlines()[-1]) == (
        0,
        f"Database: SQLite database {folder / 'backchannel.sqlite3'}.",
    )
    assert re.fullmatch(r"Created ada, an owner of this server\. Password: [a-z2-9]{5}(-[a-z2-9]{5}){3}\n", first.out)
    assert run("createuser", "Bob", "--password-stdin", said="x\n").out == "Created bob.\n"
    assert run("createuser", "eve", "--owner", "--bot").out == "Created eve, an owner of this server.\n"
    rows = sqlite3.connect(folder / "backchannel.sqlite3").execute(
        "SELECT username, is_superuser FROM backchannel_accounts_user ORDER BY id"
    )
    assert rows.fetchall() == [("ada", 1), ("bob", 0), ("eve", 1)]


def test_stdout_holds_only_the_token(run: Run, folder: Path) -> None:
    run("createuser", "--new", "bot", "--bot")
    made = run("token", "bot", "--label", "deploys")
    # The log of what was made stands beside it.
    assert (made.status, made.err.splitlines()[-1]) == (
        0,
        f"Database: SQLite database {folder / 'backchannel.sqlite3'}.",
    )
    assert re.fullmatch(r"bc_[A-Za-z0-9_-]{43}\n", made.out)
    kept = b"".join(path.read_bytes() for path in folder.iterdir())
    assert made.out.strip().encode() not in kept


def test_a_token_gets_an_end_that_the_calendar_has(run: Run, folder: Path) -> None:
    run("createuser", "--new", "bot", "--bot")
    assert run("token", "bot", "--days", "90").status == 0
    [(expires,)] = sqlite3.connect(folder / "backchannel.sqlite3").execute(
        "SELECT expires FROM backchannel_accounts_token"
    )
    assert datetime.fromisoformat(f"{expires}+00:00") > datetime.now(UTC) + timedelta(days=89)
    assert "too far in the future" in one_line(run("token", "bot", "--days", "9" * 7))
    assert "too far in the future" in one_line(run("token", "bot", "--days", "9" * 30))
    assert run("token", "bot", "--days", "0").status == 2


def test_invalid_names_are_refused(run: Run) -> None:
    assert "taken" in one_line(Ran(*_twice(run)))
    assert "lowercase" in one_line(run("createuser", "--new", "two words"))
    assert "reserved" in one_line(run("createuser", "--new", "everyone"))
    assert "createuser carl" in one_line(run("token", "carl"))


def _twice(run: Run) -> tuple[int, str, str]:
    run("createuser", "--new", "ada")
    again = run("createuser", "--new", "ADA")
    return again.status, again.out, again.err


def test_migrating_again_changes_nothing(run: Run) -> None:
    assert re.match(r"\d+ migrations applied\.\n", run("migrate", "--new").out)
    assert run("migrate").out.startswith("The tables are up to date.\n")


def test_check_finds_nothing_wrong_with_a_new_database(run: Run, folder: Path) -> None:
    run("migrate", "--new")
    found = run("check")
    assert (found.status, found.err) == (0, "")
    assert f"ok       data folder {folder}\n" in found.out
    assert found.out.endswith("No problems found.\n")


def test_check_reports_every_problem_it_finds(run: Run) -> None:
    found = run("check", BACKCHANNEL_REDIS_URL="redis://127.0.0.1:1/0", BACKCHANNEL_SINGUP="open")
    assert found.status == 1
    assert "problem  Redis 1 of BACKCHANNEL_REDIS_URL" in found.out
    assert "did you mean BACKCHANNEL_SIGNUP?" in found.out
    assert "Traceback" not in found.err


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"BACKCHANNEL_PORT": "eighty"}, "BACKCHANNEL_PORT"),
        ({"BACKCHANNEL_DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"}, "127.0.0.1:1"),
        ({"BACKCHANNEL_DATABASE_URL": "oracle://x"}, "BACKCHANNEL_DATABASE_URL"),
        ({"BACKCHANNEL_DATA": "/proc/nothing"}, "/proc/nothing"),
    ],
)
def test_an_unusable_setting_is_reported_in_one_line(run: Run, environment: dict[str, str], said: str) -> None:
    assert said in one_line(run("migrate", "--new", **environment))
    if "BACKCHANNEL_PORT" not in environment:
        assert said in one_line(run("serve", "--port", "0", **environment))


def test_a_database_of_a_newer_version_is_left_alone(run: Run, folder: Path) -> None:
    run("migrate", "--new")
    with sqlite3.connect(folder / "backchannel.sqlite3") as database:
        database.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('backchannel', '9999_later', '2099-01-01')"
        )
    assert "newer version" in one_line(run("serve", "--port", "0"))
    assert "9999_later" in one_line(run("createuser", "--new", "ada"))
    assert run("check").status == 1


def test_a_file_that_is_not_a_database_is_reported(run: Run, folder: Path) -> None:
    folder.mkdir()
    (folder / "backchannel.sqlite3").write_bytes(b"this is no database, whatever its name says" * 100)
    assert "file is not a database" in one_line(run("serve", "--port", "0"))


def test_the_password_of_the_database_is_never_printed(run: Run) -> None:
    refused = run("migrate", BACKCHANNEL_DATABASE_URL="postgres://ada:hunter2@127.0.0.1:1/none")
    assert "hunter2" not in refused.err


def test_followers_are_shown_and_can_be_reset(run: Run) -> None:
    run("createuser", "--new", "ada")
    shown = run("followers")
    assert (shown.status, shown.out) == (
        0,
        "".join(f"{name}: up to date, run by no node\n" for name in ("activity", "search", "notifications")),
    )
    assert run("followers", "--reset", "activity").out.startswith("Reset activity: the server derives it again.\n")
    assert run("followers", "--reset", "search").status == 0
    assert "there is no follower nobody; the followers are: activity, search, notifications" in one_line(
        run("followers", "--reset", "nobody")
    )


def test_activity_reports_when_there_is_none(run: Run) -> None:
    run("createuser", "--new", "ada")
    assert run("activity").out == "day         messages  people  rooms\nNo messages yet.\n"
