"""The index on PostgreSQL: a tsvector made of our own words, in tables beside the messages (migration 0015).

Rooms and senders are columns: inside the tsquery they would make the planner walk the whole key for rare words.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from django.db import OperationalError, connection, transaction

from backchannel.protocol.codec import encode
from backchannel.search.wanted import Piece, Term
from backchannel.store.driver import driver_of, read
from backchannel.store.followers import Stretch
from backchannel.store.search.budget import Budget
from backchannel.store.search.documents import (
    SLOT_BITS,
    Document,
    Row,
    id_at,
    longest,
    mark_term,
    next_id,
    piece_term,
)
from backchannel.store.search.index import (
    TERMS,
    VERSION,
    Asked,
    Gone,
    IndexLost,
    Reading,
    Step,
    cursors_after,
    epoch_of,
)
from backchannel.store.transaction import Transaction

DOC: Final = "backchannel_search_doc"
CURSOR: Final = "backchannel_search_cursor"
META: Final = "backchannel_search_meta"

POSITIONS: Final = 255
"""A tsvector keeps no more positions of one word."""
LAST_POSITION: Final = 16_383
REPEATS: Final = "_repeats"
"""A term of documents whose positions are not all kept: the words of a phrase are looked for there without their order."""
LONGEST_TIMEOUT_MS: Final = 2**31 - 1


class PostgresIndex:
    @contextmanager
    def reading(self, epoch: str) -> Iterator[Reading]:
        yield _Reading(is_ours=_is_ours(epoch))

    def check(self, epoch: str) -> None:
        if not _is_ours(epoch):
            raise IndexLost

    def write(
        self, epoch: str, stretches: Sequence[Stretch], documents: Iterable[Document], gone: Iterable[Gone]
    ) -> None:
        with transaction.atomic():
            database = driver_of(connection)
            if not _is_ours(epoch):
                if any(stretch.after for stretch in stretches):
                    raise IndexLost
                _empty(database.execute, epoch)
            rooms = [stretch.room_id for stretch in stretches]
            database.execute(
                f"INSERT INTO {CURSOR} (room_id, seq) SELECT room_id, 0 FROM unnest(%s::bigint[]) AS rooms (room_id) "
                "ORDER BY room_id ON CONFLICT (room_id) DO NOTHING",
                [rooms],
            )
            # Locked to the commit: another node that was slow to notice the end of its lease waits, and finds the cursors moved.
            reached = database.query(
                f"SELECT room_id, seq FROM {CURSOR} WHERE room_id = ANY(%s::bigint[]) ORDER BY room_id FOR UPDATE",
                [rooms],
            )
            moved = cursors_after(stretches, dict(reached))
            erased = [each.message for each in gone if each.room_id in moved]
            database.execute(f"DELETE FROM {DOC} WHERE message = ANY(%s::uuid[])", [erased])
            # As one JSON text: a statement for each row costs both sides more than the row.
            rows = encode(list(_rows([each for each in documents if each.room_id in moved]))).decode()
            database.execute(
                f"INSERT INTO {DOC} (id, message, room_id, seq, sender_id, at_us, words) "
                "SELECT (d->>0)::bigint, (d->>1)::uuid, (d->>2)::bigint, (d->>3)::bigint, (d->>4)::bigint, (d->>5)::bigint, "
                "(d->>6)::tsvector FROM jsonb_array_elements(%s::jsonb) AS d ON CONFLICT (message) DO UPDATE SET words = excluded.words",
                [rows],
            )
            database.execute(
                f"UPDATE {CURSOR} SET seq = moved.seq FROM unnest(%s::bigint[], %s::bigint[]) AS moved (room_id, seq) "
                f"WHERE {CURSOR}.room_id = moved.room_id",
                [list(moved), list(moved.values())],
            )

    def tend(self) -> None:
        """PostgreSQL vacuums it with the messages."""

    def clear(self, transaction: Transaction) -> None:
        epoch = epoch_of(transaction)
        _empty(transaction.execute, epoch)


class _Reading:
    def __init__(self, *, is_ours: bool) -> None:
        self._is_ours = is_ours

    def cursors(self, rooms: Collection[int]) -> Mapping[int, int]:
        if not self._is_ours:
            return {}
        return dict(read(f"SELECT room_id, seq FROM {CURSOR} WHERE room_id = ANY(%s::bigint[])", [list(rooms)]))

    def bounds(self) -> tuple[int, int] | None:
        if not self._is_ours:
            return None
        ((lowest, highest),) = read(f"SELECT MIN(id), MAX(id) FROM {DOC}", [])
        return None if lowest is None else (lowest, highest)

    def find(self, asked: Asked, low: int, high: int, limit: int, budget: Budget | None) -> Step:
        conditions, values = "id >= %s AND id < %s AND room_id = ANY(%s::bigint[])", [low, high, list(asked.rooms)]
        if asked.senders is not None:
            conditions += " AND sender_id = ANY(%s::bigint[])"
            values.append(list(asked.senders))
        if query := _query(asked):
            conditions += " AND words @@ %s::tsquery"
            values.append(query)
        sql = f"SELECT id, message, room_id, seq, at_us FROM {DOC} WHERE {conditions} ORDER BY id DESC LIMIT %s"
        try:
            with _within(budget):
                found = read(sql, [*values, limit])
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", None) != "57014":  # query_canceled
                raise
            return Step([], is_whole=False)
        return Step([Row(*row) for row in found], is_whole=len(found) < limit)


@contextmanager
def _within(budget: Budget | None) -> Iterator[None]:
    """Statements inside are cancelled by the server when the budget is used up."""
    if budget is None:
        yield
        return
    left_ms = min(max(int(budget.left_s() * 1000), 1), LONGEST_TIMEOUT_MS)
    with transaction.atomic():
        read("SELECT set_config('statement_timeout', %s, true)", [str(left_ms)])
        yield


def _query(asked: Asked) -> str:
    """A tsquery as text. Every word of ours is quoted in it, whatever it holds."""
    pieces = {piece for term in asked.terms if len(term.pieces) == 1 for piece in term.pieces}
    parts = [_piece(piece) for piece in longest(pieces, TERMS)]
    parts += [_phrase(term) for term in asked.terms if len(term.pieces) > 1][:TERMS]
    parts += [f"({' | '.join(_quoted(mark_term(mark)) for mark in sorted(marks))})" for marks in asked.marks]
    return " & ".join(parts)


def _piece(piece: Piece) -> str:
    return _quoted(piece_term(piece)) + (":*" if piece.is_prefix else "")


def _phrase(term: Term) -> str:
    words = [_quoted(piece_term(Piece(piece.text))) for piece in term.pieces]
    return f"(({' <-> '.join(words)}) | ({_quoted(REPEATS)} & {' & '.join(dict.fromkeys(words))}))"


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def _vector(document: Document) -> str:
    """A tsvector as text."""
    places: defaultdict[str, list[int]] = defaultdict(list)
    for word, place in document.words:
        places[word].append(place + 1)
    terms = list(document.terms)
    if any(len(each) > POSITIONS or each[-1] > LAST_POSITION for each in places.values()):
        terms.append(REPEATS)
    parts = [
        f"{_quoted(word)}:{','.join(map(str, [place for place in each if place <= LAST_POSITION][:POSITIONS]))}".rstrip(
            ":"
        )
        for word, each in places.items()
    ]
    return " ".join((*parts, *map(_quoted, terms)))


def _rows(documents: list[Document]) -> Iterator[tuple[Any, ...]]:
    known = dict(
        read(f"SELECT message, id FROM {DOC} WHERE message = ANY(%s::uuid[])", [[each.message for each in documents]])
    )
    firsts = {id_at(each.at_us // 1000) for each in documents if each.message not in known}
    highest = dict(
        read(
            f"SELECT first, (SELECT MAX(id) FROM {DOC} WHERE id >= first AND id < first + {1 << SLOT_BITS}) "
            "FROM unnest(%s::bigint[]) AS firsts (first)",
            [list(firsts)],
        )
    )
    new: Counter[int] = Counter()
    for each in documents:
        id_ = known.get(each.message)
        if id_ is None:
            first = id_at(each.at_us // 1000)
            id_ = next_id(each.at_us, highest[first]) + new[first]
            new[first] += 1
        yield id_, each.message, each.room_id, each.seq, each.sender_id, each.at_us, _vector(each)


def _is_ours(epoch: str) -> bool:
    return read(f"SELECT version, epoch FROM {META}", []) == [(VERSION, epoch)]


def _empty(execute: Any, epoch: str) -> None:
    for table in (DOC, CURSOR, META):
        execute(f"DELETE FROM {table}", [])
    execute(f"INSERT INTO {META} (version, epoch) VALUES (%s, %s)", [VERSION, epoch])
