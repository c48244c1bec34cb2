"""The database of a world: a real SQLite in memory (`tests.memory_database`), with faults below the store's driver.

The store's own statements run on it as in production: lock, look up the ids, check the membership, number, insert, commit.
One connection serves every thread of every node, since nothing here runs at the same time: a transaction takes effect at one
moment, and between two statements of a read other writers may commit. Faults are injected below the driver, so that they reach
the store as the errors of a database do. The tables are emptied for each world.
"""

import sqlite3
from collections.abc import Callable
from functools import cache
from random import Random
from typing import Any

from tests.memory_database import APP, Connection, connection, template


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
        raw.hooks = None
        raw.rollback()
        _delete_rows(raw)
        raw.hooks = self

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
    names = [name for (name,) in template().execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return [name for name in names if name.startswith(f"{APP}_") or name == "sqlite_sequence"]
