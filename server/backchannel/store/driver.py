"""The database's own driver below Django's connection, for the writer's statements and for reads.

Django wraps every statement (logging, checks, rewriting of parameters). For a batch of hundreds, or a read of one row, that costs
more than the database does. Here only errors are translated, so that statements raise Django's exceptions.
Statements use `%s` for parameters on both databases.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, Protocol

from django.db import connection as default_connection
from django.db.backends.base.base import BaseDatabaseWrapper

from backchannel.store.checkpoints import LOG_PAGES

WRITER_CACHE_KIB: Final = 8192
"""Page cache of the writer's SQLite connection. A large batch touches several hundred pages, mostly of indexes."""

PREPARED_AFTER: Final = 5
"""Runs of a statement until PostgreSQL keeps its plan: as many as psycopg waits by itself, where Django does not forbid it."""


class Driver(Protocol):
    def query(self, sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]: ...

    def execute(self, sql: str, parameters: Sequence[Any]) -> int:
        """Rows changed."""

    def execute_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None: ...


def driver_of(connection: BaseDatabaseWrapper) -> Driver:
    """The driver of an open connection."""
    return _Postgres(connection) if connection.vendor == "postgresql" else _Sqlite(connection)


def read(sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Query on this thread's connection. Goes through Django if it logs statements: with DEBUG, and in tests that count them."""
    if default_connection.queries_logged:
        with default_connection.cursor() as cursor:
            cursor.execute(sql, list(parameters))
            return list(cursor.fetchall())
    default_connection.ensure_connection()
    return driver_of(default_connection).query(sql, parameters)


def begins(column: str, key: str) -> tuple[str, list[Any]]:
    """A condition, and its values, that selects where `column` begins with `key`, by code point. Uses an index."""
    if default_connection.vendor == "postgresql":
        escaped = key.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        return f"{column} LIKE %s", [f"{escaped}%"]
    return f"{column} >= %s AND {column} < %s", [key, f"{key}\U0010ffff"]


def by_code_point() -> str:
    """Suffix for a column in ORDER BY, for the same order on all databases."""
    return ' COLLATE "C"' if default_connection.vendor == "postgresql" else ""


def position_of() -> str:
    """The SQL function (text, part) → position of the part, 0 if absent."""
    return "strpos" if default_connection.vendor == "postgresql" else "instr"


def prepare_for_writing(connection: BaseDatabaseWrapper) -> None:
    """Connect, and configure the connection for the writer. PostgreSQL parses and plans its statements once, except behind a pooler."""
    connection.ensure_connection()
    if connection.vendor == "sqlite":
        connection.connection.execute(f"PRAGMA cache_size=-{WRITER_CACHE_KIB}")
        connection.connection.execute(f"PRAGMA wal_autocheckpoint={LOG_PAGES}")
    elif is_direct(connection.connection):
        connection.connection.prepare_threshold = PREPARED_AFTER
        # A plan that is kept may have been made while its table was empty, where reading all of it is cheapest.
        connection.connection.execute("SET enable_seqscan = off")


def is_direct(session: Any) -> bool:
    """Whether the other end of psycopg's `session` is the database's own process.

    A pooler may run the next transaction in another process, which has not got what this one prepared. To the client it gives a key of
    its own making, with another number than the process'."""
    number: int = session.execute("SELECT pg_backend_pid()").fetchone()[0]
    announced: int = session.info.backend_pid
    return number == announced


class _Sqlite:
    """sqlite3 caches prepared statements by their text."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self._raw = connection.connection
        self._errors = connection.wrap_database_errors

    def query(self, sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        with self._errors:
            return self._raw.execute(_question_marks(sql), parameters).fetchall()  # type: ignore[no-any-return]

    def execute(self, sql: str, parameters: Sequence[Any]) -> int:
        with self._errors:
            return int(self._raw.execute(_question_marks(sql), parameters).rowcount)

    def execute_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        with self._errors:
            self._raw.executemany(_question_marks(sql), rows)


class _Postgres:
    """Parameters are sent separately: nothing is quoted into the statement's text."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        from psycopg import Cursor

        self._cursor = Cursor(connection.connection)
        self._errors = connection.wrap_database_errors

    def query(self, sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        with self._errors:
            return self._cursor.execute(sql, parameters).fetchall()

    def execute(self, sql: str, parameters: Sequence[Any]) -> int:
        with self._errors:
            return self._cursor.execute(sql, parameters).rowcount

    def execute_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        with self._errors:
            self._cursor.executemany(sql, rows)


@lru_cache(1024)
def _question_marks(sql: str) -> str:
    return sql.replace("%s", "?")
