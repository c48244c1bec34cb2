"""The database's own driver under Django's connection: how the writer's statements get there, and those of the reads.

Django wraps every statement (its log, its checks, its rewriting of parameters); for a batch of hundreds, or a read of one row,
that costs more than the database does. Here nothing is between but the translation of errors, so that what a statement raises is Django's.
Statements have `%s` for their parameters on both databases.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, Protocol

from django.db import connection as default_connection
from django.db.backends.base.base import BaseDatabaseWrapper

from backchannel.store.checkpoints import LOG_PAGES

WRITER_CACHE_KIB: Final = 8192
"""SQLite pages the writer's connection keeps: a large batch touches several hundred, in the indexes above all."""


class Driver(Protocol):
    def query(self, sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]: ...

    def execute(self, sql: str, parameters: Sequence[Any]) -> int:
        """Rows changed."""

    def execute_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None: ...


def driver_of(connection: BaseDatabaseWrapper) -> Driver:
    """Of a connection that is open."""
    return _Postgres(connection) if connection.vendor == "postgresql" else _Sqlite(connection)


def read(sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    """On this thread's connection. Through Django where it is to log statements: with DEBUG, and in tests that count them."""
    if default_connection.queries_logged:
        with default_connection.cursor() as cursor:
            cursor.execute(sql, list(parameters))
            return list(cursor.fetchall())
    default_connection.ensure_connection()
    return driver_of(default_connection).query(sql, parameters)


def begins(column: str, key: str) -> tuple[str, list[Any]]:
    """A condition that an index serves, and its values: does the column begin with `key`, by code points?"""
    if default_connection.vendor == "postgresql":
        escaped = key.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        return f"{column} LIKE %s", [f"{escaped}%"]
    return f"{column} >= %s AND {column} < %s", [key, f"{key}\U0010ffff"]


def by_code_point() -> str:
    """After a column in ORDER BY: the same order on all databases."""
    return ' COLLATE "C"' if default_connection.vendor == "postgresql" else ""


def position_of() -> str:
    """The function (text, part) → where the part stands, 0 where it does not."""
    return "strpos" if default_connection.vendor == "postgresql" else "instr"


def prepare_for_writing(connection: BaseDatabaseWrapper) -> None:
    """Connect, where the connection is to be the writer's."""
    connection.ensure_connection()
    if connection.vendor == "sqlite":
        connection.connection.execute(f"PRAGMA cache_size=-{WRITER_CACHE_KIB}")
        connection.connection.execute(f"PRAGMA wal_autocheckpoint={LOG_PAGES}")


class _Sqlite:
    """The driver keeps what it has prepared, by the statement's text."""

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
    """Parameters go beside the statement: nothing is quoted into its text."""

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
