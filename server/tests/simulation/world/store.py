"""The database as a model: a few dictionaries, one transaction at a time, every change undone where it fails.

The store's own code runs above it, statement by statement (`statements.py` knows what each of them means), in the order in
which it runs on a real database: lock, look up the keys, check the membership, number, insert, commit. A transaction
takes effect at one moment; a read that has several statements sees others' commits between them.
"""

from collections.abc import Callable
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from random import Random
from typing import Any

from django.db import OperationalError

Row = list[Any]
_ABSENT = object()


@dataclass
class Tables:
    """people: id → [id, username, display_name, version]. rooms: id → [id, kind, name, topic, direct_key, head, members].
    seats: (room, person) → [id, room, person, role, state, joined_seq, left_seq, read_seq]. messages: id → the columns of
    `messages` in the order of its INSERT, with `edited_us` last. log: room → seq → message row or event tuple."""

    epoch: str
    people: dict[int, Row] = field(default_factory=dict)
    rooms: dict[int, Row] = field(default_factory=dict)
    seats: dict[tuple[int, int], Row] = field(default_factory=dict)
    messages: dict[Any, Row] = field(default_factory=dict)
    log: dict[int, dict[int, Any]] = field(default_factory=dict)
    mentions: dict[tuple[int, int, int], bool] = field(default_factory=dict)

    def copy(self) -> "Tables":
        messages = {key: list(row) for key, row in self.messages.items()}
        log = {
            room: {seq: messages[entry[0]] if type(entry) is list else entry for seq, entry in entries.items()}
            for room, entries in self.log.items()
        }
        return Tables(
            self.epoch,
            {key: list(row) for key, row in self.people.items()},
            {key: list(row) for key, row in self.rooms.items()},
            {key: list(row) for key, row in self.seats.items()},
            messages,
            log,
            dict(self.mentions),
        )


class Database:
    """`is_down`: it does not answer. `breaks_commits`: the chance that a commit fails, and whether it then took effect is
    not known to whoever asked."""

    def __init__(self, tables: Tables, rng: Random) -> None:
        self.tables = tables
        self.rng = rng
        self.is_down = False
        self.breaks_commits = 0.0
        self.writers_about_to_commit: list[Callable[[], None]] = []
        self.on_commit: Callable[[], None] = lambda: None
        self.interleaves = 0.0
        self.commits = 0
        self._undo: list[tuple[Any, Any, Any]] | None = None

    @property
    def in_transaction(self) -> bool:
        return self._undo is not None

    def set(self, container: Any, key: Any, value: Any) -> None:
        """container[key] = value, until the transaction fails."""
        if self._undo is not None:
            old = container[key] if type(container) is list else container.get(key, _ABSENT)
            self._undo.append((container, key, old))
        container[key] = value

    def drop(self, container: dict[Any, Any], key: Any) -> None:
        if self._undo is not None:
            self._undo.append((container, key, container[key]))
        del container[key]

    @contextmanager
    def atomic(self, durable: bool = True) -> Any:
        assert self._undo is None
        self.check_up()
        self._undo = []
        try:
            yield
            chance = self.rng.random() if self.breaks_commits else 1.0
            if chance < self.breaks_commits / 2:
                raise OperationalError("the connection broke before the commit")
            self._undo = None
            self.commits += 1
            self.on_commit()
            if chance < self.breaks_commits:
                raise OperationalError("the connection broke after the commit")
        except BaseException:
            for container, key, old in reversed(self._undo or ()):
                if old is _ABSENT:
                    del container[key]
                else:
                    container[key] = old
            raise
        finally:
            self._undo = None

    def check_up(self) -> None:
        if self.is_down:
            raise OperationalError("the database does not answer")

    def before_statement(self) -> None:
        """Of a read: another connection may commit right now."""
        if self._undo is None:
            self.check_up()
            waiting = self.writers_about_to_commit
            while waiting and self.rng.random() < self.interleaves:
                waiting[int(self.rng.random() * len(waiting))]()


class _Features:
    has_native_uuid_field = True


class Connection:
    """What the store takes for Django's connection, and for the driver's own below it. One for all threads: the model has
    only one database at a time."""

    vendor = "sqlite"
    features = _Features()
    wrap_database_errors = nullcontext()
    queries_logged = False

    def __init__(self) -> None:
        self.database: Database | None = None
        self.connection = self
        self._cursor = _Cursor(self)

    def execute(self, sql: str, parameters: list[Any]) -> "_Cursor":
        self._cursor.execute(sql.replace("?", "%s"), parameters)
        return self._cursor

    def executemany(self, sql: str, rows: list[Any]) -> None:
        for row in rows:
            self.execute(sql, list(row))

    def cursor(self) -> "_Cursor":
        return self._cursor

    def ensure_connection(self) -> None:
        """It is always open."""

    def close(self) -> None:
        """The next statement opens another."""

    def atomic(self, durable: bool = False) -> Any:
        assert self.database is not None
        return self.database.atomic(durable)


class _Cursor:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        from tests.simulation.world import reading, writing  # noqa: F401 - they teach
        from tests.simulation.world.statements import meaning_of

        self._meaning_of = meaning_of
        self._rows: list[tuple[Any, ...]] = []
        self.rowcount = 0

    def __enter__(self) -> "_Cursor":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def execute(self, sql: str, parameters: list[Any]) -> None:
        database = self._connection.database
        assert database is not None, "there is no world"
        database.before_statement()
        self._rows = self._meaning_of(sql)(database, parameters) or []
        self.rowcount = len(self._rows)

    def fetchall(self) -> list[tuple[Any, ...]]:
        return self._rows
