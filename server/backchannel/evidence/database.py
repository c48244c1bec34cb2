"""Where the evidence is kept: a SQLite file beside the messages', or tables of the PostgreSQL database.

SQLite has one writer at a time, and a message must not wait for statistics: hence a file of its own, written without waiting for
the disk (`synchronous=NORMAL`). A power cut loses its last seconds; that is no message. Each thread opens a connection of its own.
"""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Protocol

from django.db import connection, transaction

from backchannel.evidence import EVIDENCE_FILE, schema
from backchannel.store.driver import Driver, driver_of

CACHE_KIB: Final = 2048
BUSY_MS: Final = 2000
_SCHEMA_LOCK: Final = 0x6F707331
"""Key of a PostgreSQL advisory lock: two nodes that start at once must not create the tables at once."""


class Connected(Protocol):
    """A connection of this thread."""

    def transaction(self) -> AbstractContextManager[Driver]:
        """Commit at its end, or roll back where an exception leaves it."""

    def close(self) -> None: ...

    def close_if_own(self) -> None:
        """Close it unless others of this thread use it too."""


class EvidenceDatabase(Protocol):
    def exists(self) -> bool:
        """Whether anything was ever kept."""

    def connect(self) -> Connected:
        """Raises what the driver raises."""

    def reading(self) -> AbstractContextManager[Driver | None]:
        """One view of all tables, which nobody waits for; None if nothing was ever kept. Raises what the driver raises."""


def database_beside_messages() -> EvidenceDatabase:
    """The evidence database that fits the database of Django's settings."""
    if connection.vendor == "postgresql":
        return PostgresTables()
    name = str(connection.settings_dict["NAME"])
    is_file = ":memory:" not in name and "mode=memory" not in name
    return SqliteFile(Path(name).with_name(EVIDENCE_FILE) if is_file else None)


class SqliteFile:
    def __init__(self, path: Path | None) -> None:
        """None: a file that is deleted with this object, where the messages are in memory."""
        if path is None:
            self._folder = TemporaryDirectory(prefix="backchannel-")
            path = Path(self._folder.name, EVIDENCE_FILE)
        self.path = path

    def exists(self) -> bool:
        return self.path.exists()

    def connect(self) -> Connected:
        if not self.path.exists():
            os.close(os.open(self.path, os.O_CREAT | os.O_WRONLY, 0o600))
        raw = sqlite3.connect(self.path, isolation_level=None, timeout=BUSY_MS / 1000)
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", f"cache_size=-{CACHE_KIB}", "temp_store=MEMORY"):
            raw.execute(f"PRAGMA {pragma}")
        made = _Sqlite(raw)
        with made.transaction() as driver:
            for statement in schema.statements("sqlite"):
                driver.execute(statement, ())
        return made

    @contextmanager
    def reading(self) -> Iterator[Driver | None]:
        if not self.path.exists():
            yield None
            return
        raw = sqlite3.connect(self.path, isolation_level=None, timeout=BUSY_MS / 1000)
        try:
            raw.execute("PRAGMA query_only=ON")
            raw.execute("BEGIN")
            yield _Sqlite(raw) if _has_tables(raw) else None
        finally:
            raw.close()


def _has_tables(raw: sqlite3.Connection) -> bool:
    """All of them: the file of an older version is completed by the first node of this one."""
    names = {name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    return names.issuperset(schema.TABLES)


class PostgresTables:
    def exists(self) -> bool:
        return schema.TABLES[0] in connection.introspection.table_names()

    def connect(self) -> Connected:
        made = _Postgres()
        with made.transaction() as driver:
            driver.query("SELECT pg_advisory_xact_lock(%s)", [_SCHEMA_LOCK])
            for statement in schema.statements("postgresql"):
                driver.execute(statement, ())
        return made

    @contextmanager
    def reading(self) -> Iterator[Driver | None]:
        with transaction.atomic():
            names = set(connection.introspection.table_names())
            yield driver_of(connection) if names.issuperset(schema.TABLES) else None


class _Sqlite:
    """A connection, and the driver of its transactions."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        self._raw = raw

    @contextmanager
    def transaction(self) -> Iterator[Driver]:
        self._raw.execute("BEGIN IMMEDIATE")
        try:
            yield self
        except BaseException:
            self._raw.execute("ROLLBACK")
            raise
        self._raw.execute("COMMIT")

    def query(self, sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        return self._raw.execute(sql.replace("%s", "?"), parameters).fetchall()

    def execute(self, sql: str, parameters: Sequence[Any]) -> int:
        return self._raw.execute(sql.replace("%s", "?"), parameters).rowcount

    def execute_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        self._raw.executemany(sql.replace("%s", "?"), rows)

    def close(self) -> None:
        self._raw.close()

    def close_if_own(self) -> None:
        self.close()


class _Postgres:
    """Django's connection of this thread, from its pool."""

    @contextmanager
    def transaction(self) -> Iterator[Driver]:
        with transaction.atomic():
            yield driver_of(connection)

    def close(self) -> None:
        connection.close()

    def close_if_own(self) -> None:
        """It is Django's."""
