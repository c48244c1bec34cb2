"""The index of a database in memory, as Django's tests have it: there is none. Searches read the log."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from backchannel.store.followers import Stretch
from backchannel.store.search.budget import Budget
from backchannel.store.search.documents import Document
from backchannel.store.search.index import Asked, Gone, Reading, Step
from backchannel.store.transaction import Transaction


class NoIndex:
    """Holds nothing, and loses nothing."""

    @contextmanager
    def reading(self, epoch: str) -> Iterator[Reading]:
        yield _Nothing()

    def write(
        self, epoch: str, stretches: Sequence[Stretch], documents: Iterable[Document], gone: Iterable[Gone]
    ) -> None: ...

    def check(self, epoch: str) -> None: ...

    def tend(self) -> None: ...

    def clear(self, transaction: Transaction) -> None: ...


class _Nothing:
    def cursors(self, rooms: Collection[int]) -> Mapping[int, int]:
        return {}

    def bounds(self) -> tuple[int, int] | None:
        return None

    def find(self, asked: Asked, low: int, high: int, limit: int, budget: Budget | None) -> Step:
        return Step([], is_whole=True)
