"""For tests of the run on PostgreSQL: databases of their own, and locks that a closed connection still holds."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from tests.running import wait_until

on_postgres = pytest.mark.skipif(
    os.environ.get("BACKCHANNEL_TEST_DATABASE") != "postgres", reason="belongs to the run on PostgreSQL"
)


@contextmanager
def new_database() -> Iterator[str]:
    """The URL of an empty database, which is dropped afterwards."""
    parts = urlsplit(os.environ["BACKCHANNEL_TEST_POSTGRES_URL"])
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(urlunsplit(parts), autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        try:
            yield urlunsplit(parts._replace(path=f"/{name}"))
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def wait_until_released(key: int, conninfo: str = "", **parameters: Any) -> None:
    """Wait until no connection to this database holds the advisory lock `key`.

    PostgreSQL releases the locks of a closed connection a moment after the client's `close` has returned.
    """
    with psycopg.connect(conninfo, autocommit=True, **parameters) as database:
        wait_until(
            lambda: (
                database.execute(
                    "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = 0 AND objid = %s "
                    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
                    [key],
                ).fetchone()
                is None
            )
        )
