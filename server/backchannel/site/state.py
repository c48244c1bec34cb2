"""The state of the database, and the steps that prepare it for serving."""

from __future__ import annotations

import os
import pkgutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import DatabaseError, InterfaceError, NotSupportedError, connection

from backchannel.checks import switched_off
from backchannel.site import database
from backchannel.site.database_problem import DatabaseUnusable
from backchannel.store import serving_lock

# An arbitrary constant: the key of the advisory lock in this database.
_MIGRATION_LOCK = 0x6261636B


def connect() -> None:
    """Connect to the database. Raises `DatabaseUnusable`."""
    try:
        if connection.vendor == "postgresql":
            _reach_postgres()
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except NotSupportedError as problem:
        raise DatabaseUnusable(f"{describe()} is too old: {_first_line(problem)}") from None
    except (DatabaseError, InterfaceError) as problem:
        raise DatabaseUnusable(f"cannot use {describe()}: {_first_line(problem)}") from None
    except Exception as problem:
        if type(problem).__name__ != "PoolTimeout":
            raise
        raise DatabaseUnusable(
            f"{describe()} does not answer; check that it is running, and its name and password"
        ) from None


def vendor() -> str:
    """ "sqlite" or "postgresql"."""
    return connection.vendor


def describe() -> str:
    """How messages name the database, without the password."""
    return database.describe(connection.settings_dict)


def sqlite_file() -> Path | None:
    """The database's file; None if the database is not a file."""
    return Path(connection.settings_dict["NAME"]) if connection.vendor == "sqlite" else None


def close() -> None:
    connection.close()


def version() -> tuple[int, ...]:
    return tuple(connection.get_database_version())


def check_durable() -> None:
    """Refuse a database that is read-only, or whose commits may be lost in a power cut. Raises `DatabaseUnusable`."""
    if connection.vendor == "sqlite":
        if _value("PRAGMA synchronous") not in {2, 3} or str(_value("PRAGMA journal_mode")).lower() != "wal":
            raise DatabaseUnusable(
                f"{describe()} does not sync its commits; it needs journal_mode=WAL, synchronous=FULL"
            )
        return
    if _value("SHOW transaction_read_only") == "on":
        raise DatabaseUnusable(
            f"{describe()} is read-only: it is a standby, or default_transaction_read_only is on; name the primary, or promote it"
        )
    for name in switched_off(connection):
        raise DatabaseUnusable(f"{describe()} is set to {name}=off, which loses messages in a power cut; turn it on")


def unapplied() -> list[str]:
    """Migrations of this version that the database lacks. Raises `DatabaseUnusable` if the database has some that this version lacks.

    Compares names only: loading the migrations would delay every start by a quarter of a second.
    """
    applied = _applied()
    present = _present()
    newer = sorted(f"{app}.{name}" for app, name in applied - present if app.startswith("backchannel"))
    if newer:
        raise DatabaseUnusable(
            f"{describe()} was made by a newer version of Backchannel ({newer[-1]}), which this version cannot use; "
            "install that version or a later one, or restore a backup made before the upgrade"
        )
    return sorted(f"{app}.{name}" for app, name in present - applied)


def known() -> set[tuple[str, str]]:
    """This version's migrations, by app and name."""
    return _present()


def holds_tables() -> bool:
    """Whether a server has stored anything in it."""
    return database.SIGN in connection.introspection.table_names()


def check_not_restoring() -> None:
    """Refuse to start during a `backchannel restore`, which is about to replace everything. Raises `DatabaseUnusable`."""
    if connection.vendor == "postgresql" and not serving_lock.may_serve():
        raise DatabaseUnusable(f"{describe()} is being restored; start the server when `backchannel restore` has ended")


def migrate() -> None:
    """Bring the tables up to date. Of several processes that start at once, one does and the others wait."""
    from django.core.management import call_command

    with _one_at_a_time():
        if unapplied():
            call_command("migrate", verbosity=0, interactive=False, skip_checks=True)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the database exclusively: nothing serves it, and nothing can start to. Raises `DatabaseUnusable`."""
    if connection.vendor == "sqlite":
        with only_server_of(folder):
            yield
            connection.close()
        return
    connect()
    try:
        with serving_lock.AloneWithDatabase():
            yield
    except serving_lock.ServersRun as others:
        count = len(others.where)
        raise DatabaseUnusable(
            f"{count} server process{'es use' if count > 1 else ' uses'} {describe()} (from {others}); stop them all first"
        ) from None


@contextmanager
def only_server_of(folder: Path) -> Iterator[None]:
    """Lock the data folder, and the folder of the SQLite file if it is another one: two servers on one SQLite file would not receive each
    other's messages.

    Raises `DatabaseUnusable`. The lock ends with the process in any case.
    """
    with ExitStack() as held:
        for each in dict.fromkeys((folder.resolve(), Path(connection.settings_dict["NAME"]).resolve().parent)):
            held.enter_context(_locked(each))
        yield


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    try:
        file = (folder / "serving.lock").open("a+")
    except OSError as problem:
        raise DatabaseUnusable(f"cannot use {folder / 'serving.lock'}: {problem.strerror}") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise DatabaseUnusable(
                f"another server (process {file.read().strip() or 'unknown'}) uses the data folder {folder}; "
                "stop it, or give this one another folder with --data"
            ) from None
        with suppress(OSError):  # on a full disk the lock holds without a process number
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
        yield


def _reach_postgres() -> None:
    """Connect once without the pool, which would retry for long and then hide the reason."""
    import psycopg

    try:
        psycopg.connect(**connection.get_connection_params()).close()
    except psycopg.Error as problem:
        raise DatabaseUnusable(f"cannot use {describe()}: {_first_line(problem)}") from None


def _applied() -> set[tuple[str, str]]:
    if "django_migrations" not in connection.introspection.table_names():
        return set()
    with connection.cursor() as cursor:
        cursor.execute("SELECT app, name FROM django_migrations")
        return {(app, name) for app, name in cursor.fetchall()}


def _present() -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for app in apps.get_app_configs():
        try:
            package = import_module(f"{app.name}.migrations")
        except ModuleNotFoundError:
            continue
        found |= {(app.label, module.name) for module in pkgutil.iter_modules(package.__path__)}
    return found


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_MIGRATION_LOCK])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_MIGRATION_LOCK])


def _value(query: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(query)
        row = cursor.fetchone()
    return row[0] if row else None


def _first_line(problem: Exception) -> str:
    return str(problem).strip().split("\n")[0]
