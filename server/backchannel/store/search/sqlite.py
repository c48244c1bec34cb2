"""The index on SQLite: FTS5 in a file of its own, whose lock the writer of messages never waits for."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final
from uuid import UUID

from backchannel.store.followers import Stretch
from backchannel.store.search.documents import SLOT_BITS, Document, id_at, next_id, room_term, sender_term
from backchannel.store.search.index import Gone, IndexLost, Reading, cursors_after, epoch_of
from backchannel.store.search.sqlite_file import (
    answered,
    is_damage,
    is_ours,
    lost_if_damaged,
    make_tables,
    open_file,
    remove_file,
    writing,
)
from backchannel.store.search.sqlite_reading import SqliteReading
from backchannel.store.transaction import Transaction

DUE: Final = 1
UNDER_WAY: Final = 2
"""Bits of `meta.erased`: words were erased since the last merge of everything began; one has begun."""
MERGED_PAGES: Final = 500
"""Pages that one merge writes: up to 25 ms of CPU, in a transaction of its own."""
LEAST_CHANGES: Final = 2
"""Rows changed by a merge that did something; FTS5's documentation gives the number."""
MERGES: Final = 8
"""In one call of `tend`. 30,000 messages take six."""


class SqliteIndex:
    """Opens the file for each use: threads share nothing, and a file that was deleted is noticed."""

    def __init__(self, file: Path) -> None:
        self._file = file

    @contextmanager
    def reading(self, epoch: str) -> Iterator[Reading]:
        try:
            database = open_file(self._file, "rw")
        except sqlite3.DatabaseError:  # there is no such file yet, or it is damaged: the follower notices that
            database = sqlite3.connect(":memory:", isolation_level=None)
        with closing(database), answered():
            database.execute("BEGIN")
            yield SqliteReading(database, is_ours=is_ours(database, epoch))

    def check(self, epoch: str) -> None:
        with lost_if_damaged():
            try:
                database = open_file(self._file, "rw")
            except sqlite3.OperationalError:
                raise IndexLost from None
            with closing(database):
                if not is_ours(database, epoch):
                    raise IndexLost

    def write(
        self, epoch: str, stretches: Sequence[Stretch], documents: Iterable[Document], gone: Iterable[Gone]
    ) -> None:
        with lost_if_damaged(), closing(open_file(self._file, "rwc")) as database, writing(database):
            if not is_ours(database, epoch):
                if any(stretch.after for stretch in stretches):
                    raise IndexLost
                make_tables(database, epoch)
            reached = SqliteReading(database, is_ours=True).cursors([stretch.room_id for stretch in stretches])
            moved = cursors_after(stretches, reached)
            erased = 0
            for each in gone:
                if each.room_id in moved:
                    erased += _remove(database, each.message)
            for document in documents:
                if document.room_id in moved:
                    erased += _put(database, document)
            if erased:
                database.execute("UPDATE meta SET erased = erased | ?", [DUE])
            database.executemany(
                "INSERT INTO cursor (room, seq) VALUES (?, ?) ON CONFLICT (room) DO UPDATE SET seq = excluded.seq",
                moved.items(),
            )

    def tend(self) -> None:
        with lost_if_damaged(), closing(open_file(self._file, "rw")) as database:
            for _ in range(MERGES):
                if not _is_purging(database):
                    break
                _merge(database)

    def clear(self, transaction: Transaction) -> None:
        epoch = epoch_of(transaction)
        try:
            self._make_new(epoch)
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            remove_file(self._file)
            self._make_new(epoch)

    def _make_new(self, epoch: str) -> None:
        with closing(open_file(self._file, "rwc")) as database:
            with writing(database):
                make_tables(database, epoch)
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _put(database: sqlite3.Connection, document: Document) -> int:
    """Returns 1 if it took the place of another text, which is to be forgotten."""
    body = _body(document)
    rows = database.execute("SELECT id FROM doc WHERE message = ?", [document.message.bytes]).fetchall()
    if rows:
        ((id_,),) = rows
        if database.execute("SELECT body FROM words WHERE rowid = ?", [id_]).fetchone() == (body,):
            return 0
        database.execute("UPDATE words SET body = ? WHERE rowid = ?", [body, id_])
        return 1
    first = id_at(document.at_us // 1000)
    (highest,) = database.execute(
        "SELECT MAX(id) FROM doc WHERE id >= ? AND id < ?", [first, first + (1 << SLOT_BITS)]
    ).fetchone()
    id_ = next_id(document.at_us, highest)
    database.execute(
        "INSERT INTO doc (id, message, room, seq, at) VALUES (?, ?, ?, ?, ?)",
        [id_, document.message.bytes, document.room_id, document.seq, document.at_us],
    )
    database.execute("INSERT INTO words (rowid, body) VALUES (?, ?)", [id_, body])
    return 0


def _remove(database: sqlite3.Connection, message: UUID) -> int:
    """Returns the number of documents that were there: 0 or 1."""
    rows = database.execute("SELECT id FROM doc WHERE message = ?", [message.bytes]).fetchall()
    for (id_,) in rows:
        database.execute("DELETE FROM words WHERE rowid = ?", [id_])
        database.execute("DELETE FROM doc WHERE id = ?", [id_])
    return len(rows)


def _body(document: Document) -> str:
    terms = (room_term(document.room_id), sender_term(document.sender_id), *document.terms)
    return " ".join((*(word for word, _ in document.words), *terms))


def _is_purging(database: sqlite3.Connection) -> bool:
    return bool(database.execute("SELECT 1 FROM meta WHERE erased > 0").fetchall())


def _merge(database: sqlite3.Connection) -> None:
    """Merge a part of FTS5's segments into one, which leaves out what was erased. When that is over, the write-ahead log is emptied."""
    with writing(database):
        (erased,) = database.execute("SELECT erased FROM meta").fetchone()
        has_begun = erased & UNDER_WAY
        before = database.total_changes
        # A negative number begins a merge of everything; a positive one goes on with it, and changes nothing once it is over.
        pages = MERGED_PAGES if has_begun else -MERGED_PAGES
        database.execute("INSERT INTO words (words, rank) VALUES ('merge', ?)", [pages])
        is_over = has_begun and database.total_changes - before < LEAST_CHANGES
        erased = erased & ~UNDER_WAY if is_over else erased | UNDER_WAY if has_begun else UNDER_WAY
        database.execute("UPDATE meta SET erased = ?", [erased])
    if is_over:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
