"""An advisory lock in PostgreSQL that every server holds, shared; `backchannel restore` takes it exclusively.

The lock belongs to a connection of its own, so it ends with the process in any case. A database restart drops it; it is taken again
as soon as the database answers. With SQLite the data folder is locked instead.
A process without a bus also claims the database for itself. If another process has claimed it, both serve, but each one's messages
reach clients of the other only after the next reconciliation. Users would notice this as delays, so the log says what to do.
"""

import errno
import socket
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import psycopg
import structlog
from django.db import connection

_KEY: Final = 0x6261636C
"""An arbitrary constant; the lock of the migrations has another."""
_SOLE_KEY: Final = _KEY + 1
_LOOK_S: Final = 5.0
_RETRY_S: Final = 1.0
_STOPPED_WITHIN_S: Final = 2.0

_log = structlog.get_logger("backchannel.store")


class ServingLock:
    """`start` and `stop` do not wait for the database. `has_bus`: other processes receive what this one commits."""

    def __init__(self, *, has_bus: bool) -> None:
        self._has_bus = has_bus
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._found_others = 0

    def start(self) -> None:
        is_postgresql = connection.vendor == "postgresql"
        if is_postgresql or not self._has_bus:
            hold = self._hold if is_postgresql else self._hold_file
            self._thread = threading.Thread(target=hold, name="serving-lock", daemon=True)
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
                    # Waits for a restore to end; the connection's lock_timeout returns regularly to check `_stop`.
                    database.execute("SELECT pg_advisory_lock_shared(%s)", [_KEY])
                    was_lost = False
                    is_sole = self._has_bus
                    while True:
                        if is_sole:
                            database.execute("SELECT 1")
                        else:
                            row = database.execute("SELECT pg_try_advisory_lock(%s)", [_SOLE_KEY]).fetchone()
                            is_sole = bool(row and row[0])
                            self._note(is_sole=is_sole)
                        if self._stop.wait(_LOOK_S):
                            break
            except psycopg.Error as error:
                if not was_lost:
                    _log.warning("serving_lock_lost", error=type(error).__name__)
                was_lost = True
                self._stop.wait(_RETRY_S)

    def _hold_file(self) -> None:
        """Claim an SQLite file by binding an abstract Unix socket, which ends with the process. Linux only; elsewhere nothing is claimed."""
        try:
            file = Path(connection.settings_dict["NAME"]).stat()
        except OSError:
            return  # in memory
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as claim:
            while True:
                try:
                    claim.bind(f"\0backchannel {file.st_dev} {file.st_ino}")
                except OSError as error:
                    if error.errno != errno.EADDRINUSE:
                        return
                    self._note(is_sole=False)
                else:
                    self._stop.wait()
                if self._stop.wait(_LOOK_S):
                    return

    def _note(self, *, is_sole: bool) -> None:
        self._found_others = 0 if is_sole else self._found_others + 1
        if self._found_others == 2:  # not at the first check: a process that is being replaced is still ending
            _log.warning(
                "several_processes_without_redis",
                what="Another process serves this database, and messages between their users are delayed. Serve with one process, or "
                'name a Redis: BACKCHANNEL_REDIS_URL, in a Django site BACKCHANNEL["REDIS_URLS"].',
            )


def may_serve() -> bool:
    """Whether no restore holds the lock."""
    with _connect("backchannel server") as database:
        row = database.execute("SELECT pg_try_advisory_lock_shared(%s)", [_KEY]).fetchone()
    return bool(row and row[0])


class AloneWithDatabase:
    """While entered, no server uses the database and none can start. Raises `ServersRun` if one does."""

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
    """`where`: the client address of each server process that uses the database."""

    def __init__(self, where: list[str]) -> None:
        super().__init__(", ".join(where))
        self.where = where


def _connect(name: str) -> "psycopg.Connection[Any]":
    parameters = {**connection.get_connection_params(), "application_name": name}
    return psycopg.connect(**parameters, autocommit=True)
