"""Backups: made while the server runs, restored while it does not, and what a restore means for clients.

A restored backup, like a promoted standby, can give a seq to something else than it had before. So both begin a new epoch:
clients see it at their next hello, drop their cursors and start over.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import uuid
from contextlib import closing
from pathlib import Path

from django.db import connection

from backchannel.site.state import DatabaseUnusable, describe
from backchannel.store import workspace

_SQLITE_MAGIC = b"SQLite format 3\x00"


def backup(file: Path) -> None:
    """Write everything that is in the database at one moment to `file`. Raises `DatabaseUnusable`.

    SQLite: a database file of its own. PostgreSQL: `pg_dump`'s custom format. The file appears whole or not at all.
    """
    if file.exists():
        raise DatabaseUnusable(f"{file} exists already; a backup never replaces a file")
    if not file.parent.is_dir():
        raise DatabaseUnusable(f"there is no folder {file.parent}")
    unfinished = file.with_name(file.name + ".unfinished")
    try:
        unfinished.unlink(missing_ok=True)
        if connection.vendor == "sqlite":
            _copy_sqlite(Path(connection.settings_dict["NAME"]), unfinished)
        else:
            _run("pg_dump", "--format=custom", "--no-owner", "--file", str(unfinished))
        _sync(unfinished)
        unfinished.rename(file)
        _sync(file.parent)
    except OSError as problem:
        raise DatabaseUnusable(f"cannot write {file}: {problem.strerror}") from None
    finally:
        unfinished.unlink(missing_ok=True)


def restore(file: Path) -> None:
    """Put the backup in the place of what is in the database, and begin a new epoch. Raises `DatabaseUnusable`.

    No server may run meanwhile; what was there before is kept beside it (SQLite: `….before-restore`).
    """
    try:
        with file.open("rb") as opened:
            magic = opened.read(16)
    except OSError as problem:
        raise DatabaseUnusable(f"cannot read {file}: {problem.strerror}") from None
    if (connection.vendor == "sqlite") != (magic == _SQLITE_MAGIC):
        raise DatabaseUnusable(f"{file} is not a backup of this kind of database")
    if connection.vendor == "sqlite":
        _restore_sqlite(file, Path(connection.settings_dict["NAME"]))
    else:
        if magic[:5] != b"PGDMP":
            raise DatabaseUnusable(f"{file} is not a backup of this kind of database")
        _run("pg_restore", "--clean", "--if-exists", "--no-owner", "--single-transaction", "--exit-on-error", str(file))
    connection.close()


def begin_epoch() -> str:
    """Give the numbering a new name; returns it. Running servers tell their clients at the next hello."""
    epoch = uuid.uuid4().hex
    workspace.set_epoch(epoch)
    return epoch


def _copy_sqlite(source: Path, target: Path) -> None:
    # Page by page beside a running writer; SQLite starts over by itself where pages changed meanwhile.
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new, pages=4096, sleep=0.01)
        new.execute("PRAGMA journal_mode=DELETE")


def _restore_sqlite(file: Path, place: Path) -> None:
    coming = place.with_name(place.name + ".coming")
    shutil.copyfile(file, coming)
    try:
        with closing(sqlite3.connect(coming)) as database:
            verdict = database.execute("PRAGMA quick_check").fetchone()[0]
    except sqlite3.DatabaseError as problem:
        verdict = str(problem)
    if verdict != "ok":
        coming.unlink()
        raise DatabaseUnusable(f"{file} is damaged: {verdict}")
    _sync(coming)
    connection.close()
    if place.exists():
        with closing(sqlite3.connect(place)) as database:  # so that the log is in the file, and the file is whole
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        place.rename(place.with_name(place.name + ".before-restore"))
    for leftover in ("-wal", "-shm"):
        place.with_name(place.name + leftover).unlink(missing_ok=True)
    coming.rename(place)
    _sync(place.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _run(program: str, *words: str) -> None:
    settings = connection.settings_dict
    environment = {
        **os.environ,
        "PGHOST": settings["HOST"] or "localhost",
        "PGPORT": str(settings["PORT"] or 5432),
        "PGUSER": settings["USER"],
        "PGPASSWORD": settings["PASSWORD"],
        "PGDATABASE": settings["NAME"],
    }
    if program == "pg_restore":
        words = ("--dbname", settings["NAME"], *words)
    try:
        done = subprocess.run([program, *words], env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    except FileNotFoundError:
        raise DatabaseUnusable(f"{program} is not installed; it comes with PostgreSQL's client programs") from None
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["no reason given"]
        raise DatabaseUnusable(f"{program} of {describe()} failed: {said[-1]}")
