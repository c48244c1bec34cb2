"""PostgreSQL releases the locks of a closed connection a moment after the client's `close` has returned."""

from typing import Any

import psycopg

from tests.running import wait_until


def wait_until_released(key: int, conninfo: str = "", **parameters: Any) -> None:
    """Wait until no connection to this database holds the advisory lock `key`."""
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
