"""A real SQLite in memory in place of Django's default connection, with hooks below the store's driver.

The tables are made once in a process, by the migrations. One connection serves all threads: it is for code that runs nothing
at the same time, as the simulation, and for comparing databases.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Protocol

from django.db import connections
from django.db.backends.sqlite3 import base
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import ConnectionHandler
from django.utils.asyncio import async_unsafe

APP = "backchannel"
PREPARED = 1024
"""Prepared statements to keep: enough for every statement of a world, which saves a tenth of the time."""


class Hooks(Protocol):
    """Called for each statement and commit; what they raise is what the database raises."""

    def before_statement(self, sql: str) -> None: ...
    def commit(self, commit: Callable[[], None]) -> None: ...


class Connection(sqlite3.Connection):
    """The connection that the driver and Django's cursors use."""

    hooks: "Hooks | None" = None

    def execute(self, sql: str, parameters: Any = ()) -> sqlite3.Cursor:
        if self.hooks is not None:
            self.hooks.before_statement(sql)
        return super().execute(sql, parameters)

    def commit(self) -> None:
        if self.hooks is None:
            super().commit()
        else:
            self.hooks.commit(super().commit)


class _Cursor(base.SQLiteCursorWrapper):
    connection: Connection

    def execute(self, query: str, params: Any = None) -> Any:
        if self.connection.hooks is not None:
            self.connection.hooks.before_statement(query)
        return super().execute(query, params)


class _DjangoConnection(base.DatabaseWrapper):
    """Django's connection to it. It is never closed: the database would be gone."""

    def create_cursor(self, name: Any = None) -> _Cursor:
        cursor: _Cursor = self.connection.cursor(factory=_Cursor)
        return cursor

    @async_unsafe
    def ensure_connection(self) -> None:
        """Replaces Django's method, which pytest-django blocks in tests without a database."""
        if self.connection is None:
            self.connect()


def _connect() -> _DjangoConnection:
    options = {"transaction_mode": "IMMEDIATE", "factory": Connection, "cached_statements": PREPARED}
    entry = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:", "OPTIONS": options}
    django = _DjangoConnection(ConnectionHandler({"default": entry}).settings["default"], "default")
    django.ensure_connection()
    return django


@contextmanager
def _as_default(django: _DjangoConnection) -> Iterator[None]:
    usual = connections["default"]
    connections["default"] = django
    try:
        yield
    finally:
        connections["default"] = usual


@cache
def schema() -> bytes:
    """The database as the migrations leave it, without rows. Takes 0.2 s, once."""
    django = _connect()
    with _as_default(django):
        executor = MigrationExecutor(django)
        executor.migrate([leaf for leaf in executor.loader.graph.leaf_nodes() if leaf[0] == APP])
    return bytes(django.connection.serialize())


@contextmanager
def installed() -> Iterator[None]:
    """Replace Django's default connection by one to an empty database in memory, for the duration of the block."""
    django = _connect()
    create_tables(django.connection)
    with _as_default(django):
        yield


def connection() -> Connection:
    """The connection of `installed`."""
    found = connections["default"].connection
    assert isinstance(found, Connection), "a world exists within `seams.installed()` only"
    return found


def create_tables(raw: Connection) -> None:
    """Replace the whole content by empty tables."""
    template().backup(raw)


def template() -> sqlite3.Connection:
    """A connection to a database of its own, with empty tables."""
    template = sqlite3.connect(":memory:")
    template.deserialize(schema())
    return template
