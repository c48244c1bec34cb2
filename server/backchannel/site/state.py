"""In which state the database is, and the steps from there to one that can be served."""

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

from backchannel.site import database
from backchannel.site.database_problem import DatabaseUnusable
from backchannel.store import serving_lock
from backchannel.store.checks import switched_off

# Any number will do, if it is always the same: it names the lock among those of this database.
_MIGRATION_LOCK = 0x6261636B


def connect() -> None:
    """Reach the database. Raises `DatabaseUnusable`."""
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
            f"{describe()} does not answer; is it running, and are name and password right?"
        ) from None


def vendor() -> str:
    """ "sqlite" or "postgresql"."""
    return connection.vendor


def describe() -> str:
    """The database as a person would name it, without the password."""
    return database.describe(connection.settings_dict)


def sqlite_file() -> Path | None:
    """The database's file; None where the database is no file."""
    return Path(connection.settings_dict["NAME"]) if connection.vendor == "sqlite" else None


def close() -> None:
    connection.close()


def version() -> tuple[int, ...]:
    return tuple(connection.get_database_version())


def check_durable() -> None:
    """Refuse a database that takes nothing, or would call something stored which a power cut takes away. Raises
    `DatabaseUnusable`."""
    if connection.vendor == "sqlite":
        if _value("PRAGMA synchronous") not in {2, 3} or str(_value("PRAGMA journal_mode")).lower() != "wal":
            raise DatabaseUnusable(
                f"{describe()} does not sync its commits; it needs journal_mode=WAL, synchronous=FULL"
            )
        return
    if _value("SHOW transaction_read_only") == "on":
        raise DatabaseUnusable(
            f"{describe()} takes no writes: it is a standby, or default_transaction_read_only is on; name the primary, or promote it"
        )
    for name in switched_off(connection):
        raise DatabaseUnusable(f"{describe()} is set to {name}=off, which loses messages in a power cut; turn it on")


def unapplied() -> list[str]:
    """Migrations that this version has and the database has not. Raises `DatabaseUnusable` where it is the other way.

    Looks at names alone: loading the migrations themselves would cost every start a quarter of a second.
    """
    applied = _applied()
    present = _present()
    newer = sorted(f"{app}.{name}" for app, name in applied - present if app.startswith("backchannel"))
    if newer:
        raise DatabaseUnusable(
            f"{describe()} was made by a newer version of Backchannel ({newer[-1]}), which this version does not understand; "
            "install that version or a later one, or restore a backup that was made before the upgrade"
        )
    return sorted(f"{app}.{name}" for app, name in present - applied)


def known() -> set[tuple[str, str]]:
    """This version's migrations, by app and name."""
    return _present()


def holds_tables() -> bool:
    """Has a server kept anything in it?"""
    return database.SIGN in connection.introspection.table_names()


def check_not_restoring() -> None:
    """Refuse to start beside a `backchannel restore`, which is about to replace everything. Raises `DatabaseUnusable`."""
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
    """Hold the database for this process alone: nothing serves it, and nothing can begin to. Raises `DatabaseUnusable`."""
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
    """Hold the folder for this process, and that of the database where it is another: two servers on one SQLite file would not
    hear of each other's messages.

    Raises `DatabaseUnusable`. The lock ends with the process, however that ends.
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
                f"another server (process {file.read().strip() or 'unknown'}) keeps its data in {folder}; "
                "stop it, or give this one another folder with --data"
            ) from None
        with suppress(OSError):  # on a full disk the lock holds without a name
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
        yield


def _reach_postgres() -> None:
    """Connect once without the pool, which would try for long and then not tell what was wrong."""
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
