"""Backs up SQLite by a copy in one read transaction, which writers cannot force to start over; and restores it."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from backchannel.evidence import EVIDENCE_FILE
from backchannel.site.backup_content import MIGRATIONS, Content
from backchannel.site.database import SIGN
from backchannel.site.database_problem import DatabaseUnusable
from backchannel.site.folder import sync

MAGIC = b"SQLite format 3\x00"
_PATIENCE_S = 60
_LOG = ("-wal", "-shm")


def copy(source: Path, target: Path) -> Content:
    """Write the current content of `source` to the empty file `target`. Raises `DatabaseUnusable`.

    One read transaction: writers continue beside it, and it never starts over. SQLite's backup interface does start over at every
    commit of another connection, unless it copies all pages in one step.
    """
    try:
        with closing(sqlite3.connect(_uri(source, "rw"), uri=True, timeout=_PATIENCE_S, isolation_level=None)) as old:
            if not _has_table(old, SIGN):
                raise DatabaseUnusable(f"{source} holds no tables of Backchannel: there is nothing to back up")
            old.execute("VACUUM INTO ?", [str(target)])
        return read(target)
    except sqlite3.Error as problem:
        raise DatabaseUnusable(f"cannot back up the SQLite database {source}: {problem}") from None


def read(file: Path) -> Content:
    """Read a backup to its end. Raises `sqlite3.Error`, or `DatabaseUnusable` if it is damaged or not a backup."""
    with closing(sqlite3.connect(_uri(file, "ro"), uri=True)) as database:
        verdict = database.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise DatabaseUnusable(f"{file} is damaged: {verdict.splitlines()[-1]}")
        if not _has_table(database, SIGN) or not _has_table(database, MIGRATIONS):
            raise DatabaseUnusable(f"{file} is not a backup of Backchannel: it holds none of its tables")
        names = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return Content(
            {name: database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in _own(names)},
            set(database.execute(f"SELECT app, name FROM {MIGRATIONS}")),
        )


def restore(file: Path, database_file: Path, epoch: str, known: set[tuple[str, str]]) -> Path | None:
    """Replace `database_file` by `file`, under a new epoch. Returns where the old one is kept. Raises `DatabaseUnusable`.

    The new database is completed beside the old one and then renamed to it: there is no moment without a database.
    """
    coming = database_file.with_name(database_file.name + ".coming")
    try:
        try:
            _copy_with_log(file, coming)
            read(coming).check(known)
            with closing(sqlite3.connect(coming)) as database, database:
                database.execute(f"UPDATE {SIGN} SET epoch = ? WHERE id = 1", [epoch])
        except sqlite3.Error as problem:
            if getattr(problem, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
                raise DatabaseUnusable(f"cannot restore to {database_file}: the disk is full") from None
            raise DatabaseUnusable(f"{file} is damaged: {problem}") from None
        except DatabaseUnusable as problem:
            raise DatabaseUnusable(str(problem).replace(str(coming), str(file))) from None
        sync(coming)
        _finish_log(database_file)
        kept = _set_aside(database_file) if database_file.exists() else None
        coming.replace(database_file)
        _forget_evidence(database_file.parent)
        sync(database_file.parent)
    except OSError as problem:
        raise DatabaseUnusable(f"cannot restore to {database_file}: {problem.strerror}") from None
    finally:
        for ending in ("", *_LOG):
            coming.with_name(coming.name + ending).unlink(missing_ok=True)
    return kept


def _forget_evidence(folder: Path) -> None:
    """It names persons by numbers, which an older database gives to others again."""
    for ending in ("", *_LOG):
        folder.joinpath(EVIDENCE_FILE + ending).unlink(missing_ok=True)


def _copy_with_log(file: Path, coming: Path) -> None:
    """Copy a database file, including the write-ahead log that lies beside one copied from a server's folder."""
    for ending in ("", "-wal"):
        source, target = file.with_name(file.name + ending), coming.with_name(coming.name + ending)
        target.unlink(missing_ok=True)
        if not ending or source.exists():
            shutil.copyfile(source, target)
            target.chmod(0o600)
    with closing(sqlite3.connect(coming)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _set_aside(database_file: Path) -> Path:
    """Give the old database a second, unused name; it loses the first one when the new database takes it."""
    number = 1
    while True:
        kept = database_file.with_name(
            database_file.name + (".before-restore" if number == 1 else f".before-restore.{number}")
        )
        try:
            os.link(database_file, kept)
        except FileExistsError:
            number += 1
        except OSError:  # a file system without links
            if kept.exists():
                number += 1
                continue
            shutil.copy2(database_file, kept)
            break
        else:
            break
    return kept


def _finish_log(database_file: Path) -> None:
    """Checkpoint the old database, so that its file alone is complete and no log remains that the new database would be given. Raises
    `DatabaseUnusable` if it is still being read."""
    if not database_file.exists():
        return
    try:
        with closing(sqlite3.connect(database_file, timeout=_PATIENCE_S)) as database:
            is_busy = database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    except sqlite3.DatabaseError:
        is_busy = 0  # the file is not a database: it is kept as it is
    if is_busy:
        raise DatabaseUnusable(
            f"another program, perhaps a backup, still reads {database_file}; restore when it has ended"
        )
    for leftover in _LOG:
        database_file.with_name(database_file.name + leftover).unlink(missing_ok=True)


def _own(names: list[str]) -> list[str]:
    return sorted(name for name in names if not name.startswith("sqlite_"))


def _has_table(database: sqlite3.Connection, name: str) -> bool:
    return (
        database.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", [name]).fetchone() is not None
    )


def _uri(path: Path, mode: str) -> str:
    return f"file:{quote(str(path))}?mode={mode}"
