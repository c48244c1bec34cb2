"""Every server holds a lock in its PostgreSQL database, shared with other servers; `backchannel restore` wants it alone.

The lock lives on a connection of its own, so it ends with the process, however that ends. A database that restarts drops it;
it is taken again as soon as the database answers. SQLite needs none of this: there the data folder is locked.
"""

import threading
from contextlib import suppress
from typing import Any, Final

import psycopg
import structlog
from django.db import connection

_KEY: Final = 0x6261636C
"""Any number will do, if it is always the same; the migrations have another."""
_LOOK_S: Final = 5.0
_RETRY_S: Final = 1.0
_STOPPED_WITHIN_S: Final = 2.0

_log = structlog.get_logger("backchannel.store")


class ServingLock:
    """`start` and `stop` do not wait for the database."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        if connection.vendor == "postgresql":
            self._thread = threading.Thread(target=self._hold, name="serving-lock", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(_STOPPED_WITHIN_S)

    def _hold(self) -> None:
        was_lost = False
        while not self._stop.is_set():
            try:
                with _connect("backchannel server") as database:
                    # Waits for a restore to end; the connection's lock_timeout makes it look at `_stop` meanwhile.
                    database.execute("SELECT pg_advisory_lock_shared(%s)", [_KEY])
                    was_lost = False
                    while not self._stop.wait(_LOOK_S):
                        database.execute("SELECT 1")
            except psycopg.Error as error:
                if not was_lost:
                    _log.warning("serving_lock_lost", error=type(error).__name__)
                was_lost = True
                self._stop.wait(_RETRY_S)


def may_serve() -> bool:
    """False while a restore holds the lock."""
    with _connect("backchannel server") as database:
        row = database.execute("SELECT pg_try_advisory_lock_shared(%s)", [_KEY]).fetchone()
    return bool(row and row[0])


class AloneWithDatabase:
    """Entered, no server runs on the database, and none can start. Raises `ServersRun` where one does."""

    def __enter__(self) -> None:
        self._database = _connect("backchannel restore")
        row = self._database.execute("SELECT pg_try_advisory_lock(%s)", [_KEY]).fetchone()
        if not (row and row[0]):
            where = self._holders()
            self._database.close()
            raise ServersRun(where)

    def __exit__(self, *_: object) -> None:
        with suppress(psycopg.Error):
            self._database.close()

    def _holders(self) -> list[str]:
        rows = self._database.execute(
            "SELECT coalesce(host(a.client_addr), 'this machine') FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
            "WHERE l.locktype = 'advisory' AND l.granted AND l.classid = 0 AND l.objid = %s "
            "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY a.backend_start",
            [_KEY],
        ).fetchall()
        return [str(row[0]) for row in rows]


class ServersRun(Exception):
    """`where`: the address of each server process that uses the database."""

    def __init__(self, where: list[str]) -> None:
        super().__init__(", ".join(where))
        self.where = where


def _connect(name: str) -> "psycopg.Connection[Any]":
    parameters = {**connection.get_connection_params(), "application_name": name}
    return psycopg.connect(**parameters, autocommit=True)
