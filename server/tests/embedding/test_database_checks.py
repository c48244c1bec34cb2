"""System checks that look at the database: its kind, and whether a commit is on the disk when it returns."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.db import connection

from backchannel import checks


def test_another_database_than_the_two_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    mysql = SimpleNamespace(vendor="mysql", display_name="MySQL", settings_dict={})
    monkeypatch.setattr(checks, "connections", {"default": mysql})
    (found,) = checks.check_vendor()
    assert found.id == "backchannel.E002"
    assert "MySQL" in found.msg


def test_a_database_that_commits_nothing_by_itself_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict, "AUTOCOMMIT", False)
    (found,) = checks.check_vendor()
    assert found.id == "backchannel.E002"
    assert "AUTOCOMMIT" in found.msg


@pytest.mark.parametrize("databases", [None, [], ["other"]])
def test_the_database_is_asked_only_if_it_was_named(databases: list[str] | None) -> None:
    assert checks.check_durability(databases) == []  # without the mark `django_db` a query would fail


def test_postgresql_that_does_not_wait_for_the_disk_is_found(db: None) -> None:
    if connection.vendor == "sqlite":
        assert checks.check_durability(["default"]) == [], "W003 looks at the settings of SQLite"
        return
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")
    (found,) = checks.check_durability(["default"])
    assert found.id == "backchannel.W004"
    assert "synchronous_commit = off" in found.msg
