"""Finding candidates in the index on SQLite."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final
from uuid import UUID

from backchannel.search.wanted import Piece, Term
from backchannel.store.search.budget import Budget
from backchannel.store.search.documents import Row, longest, mark_term, piece_term, room_term, sender_term
from backchannel.store.search.index import TERMS, Asked, Step

ROOMS_AS_TERMS: Final = 16
"""Up to so many rooms are terms of the match, which skips other rooms' messages; more are compared with each candidate. (The worst
cases of either are in decision 318.)"""
STEPS_BETWEEN_LOOKS: Final = 1000
"""SQLite's own steps between two looks at the time: about 0.1 ms."""
_COLUMNS: Final = "doc.id, doc.message, doc.room, doc.seq, doc.at"


class SqliteReading:
    def __init__(self, database: sqlite3.Connection, *, is_ours: bool) -> None:
        self._database = database
        self._is_ours = is_ours

    def cursors(self, rooms: Collection[int]) -> Mapping[int, int]:
        if not self._is_ours:
            return {}
        among = "SELECT room, seq FROM cursor WHERE room IN (SELECT value FROM json_each(?))"
        return dict(self._database.execute(among, [json.dumps(list(rooms))]))

    def bounds(self) -> tuple[int, int] | None:
        if not self._is_ours:
            return None
        # One at a time: SQLite finds each at an end of the table, and both together by reading it.
        (lowest,), (highest,) = self._database.execute(
            "SELECT (SELECT MIN(id) FROM doc) UNION ALL SELECT (SELECT MAX(id) FROM doc)"
        )
        return None if lowest is None else (lowest, highest)

    def find(self, asked: Asked, low: int, high: int, limit: int, budget: Budget | None) -> Step:
        match = _match(asked)
        values: list[object] = []
        if match:
            sql = f"SELECT {_COLUMNS} FROM words CROSS JOIN doc ON doc.id = words.rowid WHERE words MATCH ?"
            values.append(match)
            id_ = "words.rowid"
        else:
            sql, id_ = f"SELECT {_COLUMNS} FROM doc WHERE 1", "doc.id"
        sql += f" AND {id_} >= ? AND {id_} < ?"
        values += [low, high]
        if len(asked.rooms) > ROOMS_AS_TERMS:
            sql += " AND doc.room IN (SELECT value FROM json_each(?))"
            values.append(json.dumps(list(asked.rooms)))
        rows: list[Row] = []
        with _interrupted_by(self._database, budget):
            try:
                found = self._database.execute(f"{sql} ORDER BY {id_} DESC LIMIT ?", [*values, limit])
                rows.extend(Row(id_, UUID(bytes=message), *place) for id_, message, *place in found)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                    raise
                return Step(rows, is_whole=False)
        return Step(rows, is_whole=len(rows) < limit)


@contextmanager
def _interrupted_by(database: sqlite3.Connection, budget: Budget | None) -> Iterator[None]:
    look: Callable[[], int] | None = None if budget is None else lambda: int(budget.is_over)
    database.set_progress_handler(look, STEPS_BETWEEN_LOOKS)
    try:
        yield
    finally:
        database.set_progress_handler(None, 0)


def _match(asked: Asked) -> str:
    """FTS5's query. Every term of ours is a string in it, whatever it holds."""
    pieces = {piece for term in asked.terms if len(term.pieces) == 1 for piece in term.pieces}
    parts = [_term(Term((piece,))) for piece in longest(pieces, TERMS)]
    parts += [_term(term) for term in asked.terms if len(term.pieces) > 1][:TERMS]
    if asked.senders is not None:
        parts.append(_any(map(sender_term, sorted(asked.senders))))
    parts += [_any(map(mark_term, sorted(marks))) for marks in asked.marks]
    if len(asked.rooms) <= ROOMS_AS_TERMS:
        parts.append(_any(map(room_term, sorted(asked.rooms))))
    return " AND ".join(parts)


def _term(term: Term) -> str:
    if len(term.pieces) == 1:
        (piece,) = term.pieces
        return _string(piece_term(piece)) + ("*" if piece.is_prefix else "")
    return _string(" ".join(piece_term(Piece(piece.text)) for piece in term.pieces))


def _any(terms: Iterable[str]) -> str:
    return f"({' OR '.join(map(_string, terms))})"


def _string(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
