"""The interface of a search index."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Final, NamedTuple, Protocol
from uuid import UUID

from backchannel.search.wanted import Term
from backchannel.store.followers import Stretch
from backchannel.store.search.budget import Budget
from backchannel.store.search.documents import Document, Row
from backchannel.store.transaction import WORKSPACE, Transaction

VERSION: Final = f"1, Unicode {unicodedata.unidata_version}"
"""Of the tables and of the words in them: an index of another version is derived again."""
TERMS: Final = 16
"""The most words of a query that an index is asked for. The others are looked for in what it finds."""


class IndexLost(Exception):
    """The index does not hold what its follower has written: its file is gone, or the database is that of another epoch. It has to be
    derived again."""


class Asked(NamedTuple):
    """The terms that candidates must have. An index may return more messages, but must return every message that has all of them."""

    terms: Sequence[Term]
    rooms: Collection[int]
    senders: Collection[int] | None
    marks: Sequence[Collection[str]]
    """One of each."""


class Gone(NamedTuple):
    """A message that is not to be found any more."""

    room_id: int
    message: UUID


class Step(NamedTuple):
    """Candidates between two numbers, newest first."""

    rows: list[Row]
    is_whole: bool
    """False if the time was over, or there are more than the limit: then there may be others below the last one."""


class Reading(Protocol):
    """An index during one search, in one state of it where the database can do that."""

    def cursors(self, rooms: Collection[int]) -> Mapping[int, int]:
        """Up to which seq each room is indexed. Rooms that are not at all are missing."""

    def bounds(self) -> tuple[int, int] | None:
        """The lowest and the highest number; None if it is empty."""

    def find(self, asked: Asked, low: int, high: int, limit: int, budget: Budget | None) -> Step:
        """From `low` on, below `high`. `budget`: None to take as long as it takes."""


class Index(Protocol):
    def reading(self, epoch: str) -> AbstractContextManager[Reading]:
        """An index of another epoch or version reads as an empty one."""

    def write(
        self, epoch: str, stretches: Sequence[Stretch], documents: Iterable[Document], gone: Iterable[Gone]
    ) -> None:
        """Apply stretches of the log, ascending by room, and move the rooms' cursors, all or nothing. Of rooms whose stretch was applied
        before, nothing. Raises IndexLost."""

    def check(self, epoch: str) -> None:
        """Raises IndexLost."""

    def tend(self) -> None:
        """Remove what is left in the file of words that were erased, for a moment at most."""

    def clear(self, transaction: Transaction) -> None:
        """Make it empty, within the transaction where it is part of the same database."""


def cursors_after(stretches: Sequence[Stretch], reached: Mapping[int, int]) -> dict[int, int]:
    """Room → the seq up to which it is indexed once the stretches are applied; of those that are not applied yet. Their messages were read
    after the stretch, so those of another room may be older than what the index has. Raises IndexLost: something before them is missing."""
    if any(reached.get(stretch.room_id, 0) < stretch.after for stretch in stretches):
        raise IndexLost
    return {stretch.room_id: stretch.upto for stretch in stretches if reached.get(stretch.room_id, 0) < stretch.upto}


def epoch_of(transaction: Transaction) -> str:
    """As `reads.epoch`, within the transaction."""
    rows = transaction.query(f"SELECT epoch FROM {WORKSPACE} WHERE id = 1")
    return str(rows[0][0]) if rows else ""
