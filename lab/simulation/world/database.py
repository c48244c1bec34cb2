"""The database of a world: a real SQLite in memory, beneath Django's connection and the store's driver.

The store's own statements run on it as in production: lock, look up the ids, check the membership, number, insert, commit.
One connection serves every thread of every node, since nothing here runs at the same time: a transaction takes effect at one
moment, and between two statements of a read other writers may commit. Faults are injected below the driver, so that they reach
the store as the errors of a database do.

The tables are made once in a process, by the migrations, and emptied for each world.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from random import Random
from typing import Any

from django.db import connections
from django.db.backends.sqlite3 import base
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import ConnectionHandler
from django.utils.asyncio import async_unsafe

APP = "backchannel"
PREPARED = 1024
"""Prepared statements to keep: enough for every statement of a world, which saves a tenth of the time."""


class Connection(sqlite3.Connection):
    """The connection that the driver and Django's cursors use."""

    database: "Database | None" = None

    def execute(self, sql: str, parameters: Any = ()) -> sqlite3.Cursor:
        if self.database is not None:
            self.database.before_statement(sql)
        return super().execute(sql, parameters)

    def commit(self) -> None:
        if self.database is None:
            super().commit()
        else:
            self.database.commit(super().commit)


class _Cursor(base.SQLiteCursorWrapper):
    connection: Connection

    def execute(self, query: str, params: Any = None) -> Any:
        if self.connection.database is not None:
            self.connection.database.before_statement(query)
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
    _template().backup(raw)


def _template() -> sqlite3.Connection:
    template = sqlite3.connect(":memory:")
    template.deserialize(schema())
    return template


class Database:
    """The rows of one world, and the faults of its database."""

    def __init__(self, rng: Random) -> None:
        """Takes over the connection of `installed` from the previous world, and deletes its rows."""
        self._connection = raw = connection()
        self._rng = rng
        self.is_down = False
        """If true, every statement fails."""
        self.breaks_commits = 0.0
        """The share of commits that fail: half before they take effect, half after."""
        self.interleaves = 0.0
        """The chance that a writer who is about to commit does so before a given statement of a read."""
        self.writers_about_to_commit: list[Callable[[], None]] = []
        raw.database = None
        raw.rollback()
        _delete_rows(raw)
        raw.database = self

    # -- below the driver

    def before_statement(self, sql: str) -> None:
        """Fail if the database is down; else let other writers commit first, unless in a transaction."""
        if self._connection.in_transaction:
            return
        if self.is_down:
            raise sqlite3.OperationalError("the database does not answer")
        if sql.startswith("BEGIN"):
            return
        waiting = self.writers_about_to_commit
        while waiting and self._rng.random() < self.interleaves:
            waiting[int(self._rng.random() * len(waiting))]()

    def commit(self, commit: Callable[[], None]) -> None:
        chance = self._rng.random() if self.breaks_commits else 1.0
        if chance < self.breaks_commits / 2:
            raise sqlite3.OperationalError("the connection broke before the commit")
        commit()
        if chance < self.breaks_commits:
            raise sqlite3.OperationalError("the connection broke after the commit")

    # -- for the world itself, without faults

    def query(self, sql: str, *parameters: Any) -> list[Any]:
        return sqlite3.Connection.execute(self._connection, sql, parameters).fetchall()

    def insert(self, table: str, **columns: Any) -> None:
        names, marks = ", ".join(columns), ", ".join("?" * len(columns))
        self.query(f"INSERT INTO {table} ({names}) VALUES ({marks})", *columns.values())

    def back_up(self) -> sqlite3.Connection:
        """A copy of everything."""
        copy = sqlite3.connect(":memory:")
        self._connection.backup(copy)
        return copy

    def restore(self, copy: sqlite3.Connection) -> None:
        """Restore the copy. Transactions that are not committed yet are dropped."""
        self.writers_about_to_commit.clear()
        copy.backup(self._connection)


def _delete_rows(raw: Connection) -> None:
    raw.execute("BEGIN")
    for table in _tables():
        raw.execute(f"DELETE FROM {table}")
    raw.execute("COMMIT")


@cache
def _tables() -> list[str]:
    """Every table with rows of a world, and SQLite's table of sequences."""
    names = [name for (name,) in _template().execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return [name for name in names if name.startswith(f"{APP}_") or name == "sqlite_sequence"]
