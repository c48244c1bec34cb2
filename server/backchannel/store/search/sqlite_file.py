"""The file of the index on SQLite: how it is opened, its tables, and what is made of damage.

FTS5's tokenizer `ascii` takes what is not ASCII as parts of words and folds nothing but ASCII: it splits the text where we put spaces.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

from backchannel.process_log import ProcessLog
from backchannel.store.read_pool import unavailable
from backchannel.store.search.index import VERSION, IndexLost

MAIN_STEM: Final = "backchannel"
PATIENCE_S: Final = 5.0

_log = ProcessLog("backchannel.store")

_SETUP: Final = (
    "PRAGMA journal_mode=WAL",
    # The cursor in the main database moves after this commit, and must not be ahead of it when the power fails.
    "PRAGMA synchronous=FULL",
    "PRAGMA secure_delete=ON",
)
_TABLES: Final = (
    "CREATE TABLE meta (version TEXT NOT NULL, epoch TEXT NOT NULL, erased INTEGER NOT NULL)",
    "CREATE TABLE cursor (room INTEGER PRIMARY KEY, seq INTEGER NOT NULL)",
    (
        "CREATE TABLE doc (id INTEGER PRIMARY KEY, message BLOB NOT NULL UNIQUE, room INTEGER NOT NULL, seq INTEGER NOT NULL, "
        "at INTEGER NOT NULL)"
    ),
    """CREATE VIRTUAL TABLE words USING fts5(body, tokenize = "ascii tokenchars '_'", prefix = '3 4')""",
)


def file_beside(database: str) -> Path:
    """The file of the index for this SQLite database: `search.sqlite3` beside ours, and named after a site's own."""
    path = Path(database)
    return path.with_name("search.sqlite3" if path.stem == MAIN_STEM else f"{path.stem}-search.sqlite3")


def open_file(file: Path, mode: Literal["rw", "rwc"]) -> sqlite3.Connection:
    """`rwc` makes it. Raises `sqlite3.OperationalError`: there is no such file."""
    uri = f"{file.resolve().as_uri()}?mode={mode}"
    database = sqlite3.connect(uri, uri=True, timeout=PATIENCE_S, isolation_level=None)
    try:
        for setting in _SETUP:
            database.execute(setting)
    except BaseException:
        database.close()
        raise
    return database


def remove_file(file: Path) -> None:
    for each in (file, *(file.with_name(file.name + end) for end in ("-wal", "-shm"))):
        each.unlink(missing_ok=True)


@contextmanager
def writing(database: sqlite3.Connection) -> Iterator[None]:
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")


def is_ours(database: sqlite3.Connection, epoch: str) -> bool:
    if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchall():
        return False
    return database.execute("SELECT version, epoch FROM meta").fetchall() == [(VERSION, epoch)]


def make_tables(database: sqlite3.Connection, epoch: str) -> None:
    for table in ("words", "doc", "cursor", "meta"):
        database.execute(f"DROP TABLE IF EXISTS {table}")
    for statement in _TABLES:
        database.execute(statement)
    database.execute("INSERT INTO meta (version, epoch, erased) VALUES (?, ?, 0)", [VERSION, epoch])


def is_damage(error: sqlite3.DatabaseError) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


@contextmanager
def lost_if_damaged() -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        if is_damage(error):
            raise IndexLost from error
        raise


@contextmanager
def answered() -> Iterator[None]:
    """An error in reading the file is answered like one of the database: 503, and logged."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        _log.warning("search_index_trouble", reason=str(error))
        raise unavailable() from error
