"""Checks of the database before the server starts."""

from collections.abc import Iterator

import pytest
from django.db import connection

from backchannel.site.database_problem import DatabaseUnusable
from backchannel.site.state import check_durable

IS_SQLITE = connection.vendor == "sqlite"
SYNCED = ("PRAGMA synchronous=FULL", "PRAGMA synchronous=EXTRA") if IS_SQLITE else ("SET synchronous_commit=on",)
NOT_SYNCED = ("PRAGMA synchronous=OFF", "PRAGMA synchronous=NORMAL") if IS_SQLITE else ("SET synchronous_commit=off",)


@pytest.fixture(autouse=True)
def _new_connection(transactional_db: None) -> Iterator[None]:
    """Closes the connection, so that settings made here end here."""
    yield
    connection.close()


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode=WAL" if IS_SQLITE else "SELECT 1")
        cursor.execute(statement)


@pytest.mark.parametrize("statement", NOT_SYNCED)
def test_a_database_that_does_not_sync_its_commits_is_refused(statement: str) -> None:
    execute(statement)
    with pytest.raises(DatabaseUnusable):
        check_durable()


@pytest.mark.parametrize("statement", SYNCED)
def test_a_database_that_syncs_its_commits_is_accepted(statement: str) -> None:
    execute(statement)
    check_durable()
