"""An advisory lock in PostgreSQL that every server holds, shared; `backchannel restore` takes it exclusively.

The lock belongs to a connection of its own, so it ends with the process in any case. A database restart drops it; it is taken again
as soon as the database answers. With SQLite the data folder is locked instead.
A process without a bus also looks for others. If there are any, all serve, but each one's messages reach clients of the others only
after the next reconciliation. Users would notice this as delays, so `/readyz` shows it and the log says what to do.
"""

from __future__ import annotations

import errno
import socket
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from django.db import connection

from backchannel.process_log import ProcessLog

if TYPE_CHECKING:
    import psycopg

_KEY: Final = 0x6261636C
"""An arbitrary constant; the lock of the migrations has another."""
_LOOK_S: Final = 5.0
_RETRY_S: Final = 1.0
_STOPPED_WITHIN_S: Final = 2.0
_FOUND_AGAIN: Final = 2
"""Checks in a row until a new result counts: a process that is being replaced is still ending at the first."""

_log = ProcessLog("backchannel.store")


class ServingLock:
    """`start` and `stop` do not wait for the database. `has_bus`: other processes receive what this one commits."""

    def __init__(self, *, has_bus: bool) -> None:
        self._has_bus = has_bus
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._changed = 0
        """Checks in a row whose result was not `is_alone`."""
        self.is_alone = True
        """Whether no other process serves this database, as far as is known. Always true with a bus, which connects them."""

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
        from psycopg import Error

        was_lost = False
        while not self._stop.is_set():
            try:
                with _connect("backchannel server") as database:
                    # Waits for a restore to end; the connection's lock_timeout returns regularly to check `_stop`.
                    database.execute("SELECT pg_advisory_lock_shared(%s)", [_KEY])
                    was_lost = False
                    while True:
                        servers = len(_holders(database))
                        if not self._has_bus:
                            self._note(is_alone=servers == 1)
                        if self._stop.wait(_LOOK_S):
                            break
            except Error as error:
                if not was_lost:
                    _log.warning("serving_lock_lost", error=type(error).__name__)
                was_lost = True
                self._stop.wait(_RETRY_S)

    def _hold_file(self) -> None:
        """Claim an SQLite file by binding an abstract Unix socket, which ends with the process. A process that finds it bound sends it a datagram,
        so that both know. Linux only; elsewhere nothing is claimed."""
        try:
            file = Path(connection.settings_dict["NAME"]).stat()
        except OSError:
            return  # in memory
        address = f"\0backchannel {file.st_dev} {file.st_ino}"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as claim:
            claim.setblocking(False)
            has_claimed = False
            while True:
                if not has_claimed:
                    try:
                        claim.bind(address)
                    except OSError as error:
                        if error.errno != errno.EADDRINUSE:
                            return
                        with suppress(OSError):  # it has just ended, or has not read the last ones yet
                            claim.sendto(b"here", address)
                        self._note(is_alone=False)
                    else:
                        has_claimed = True
                # A datagram comes between any two looks of the other one.
                if self._stop.wait(_LOOK_S if has_claimed else _LOOK_S / 2):
                    return
                if has_claimed:
                    self._note(is_alone=not _any_received(claim))

    def _note(self, *, is_alone: bool) -> None:
        self._changed = 0 if is_alone == self.is_alone else self._changed + 1
        if self._changed < _FOUND_AGAIN:
            return
        self._changed, self.is_alone = 0, is_alone
        if not is_alone:
            _log.error(
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
            where = _holders(self._database)
            self._database.close()
            raise ServersRun(where)

    def __exit__(self, *_: object) -> None:
        from psycopg import Error

        with suppress(Error):
            self._database.close()


class ServersRun(Exception):
    """`where`: the client address of each server process that uses the database."""

    def __init__(self, where: list[str]) -> None:
        super().__init__(", ".join(where))
        self.where = where


def _holders(database: psycopg.Connection[Any]) -> list[str]:
    """The client address of each server process that holds the lock."""
    rows = database.execute(
        "SELECT coalesce(host(a.client_addr), 'this machine') FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
        "WHERE l.locktype = 'advisory' AND l.granted AND l.classid = 0 AND l.objid = %s "
        "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY a.backend_start",
        [_KEY],
    ).fetchall()
    return [str(row[0]) for row in rows]


def _any_received(claim: socket.socket) -> bool:
    """Whether a datagram has come since the last call."""
    found = False
    with suppress(BlockingIOError):
        while claim.recv(16):
            found = True
    return found


def _connect(name: str) -> psycopg.Connection[Any]:
    import psycopg

    parameters = {**connection.get_connection_params(), "application_name": name}
    return psycopg.connect(**parameters, autocommit=True)
