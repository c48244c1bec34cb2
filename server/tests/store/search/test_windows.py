"""The steps in which an index is read: each candidate once, newest first, and always further, however little a step can afford."""

from collections.abc import Collection, Mapping
from random import Random
from uuid import UUID

import pytest

from backchannel.search.cursor import Key
from backchannel.store.search.budget import Budget
from backchannel.store.search.documents import Row, next_id
from backchannel.store.search.index import Asked, Step
from backchannel.store.search.windows import FARTHEST, NARROWEST_MS, windows

ASKED = Asked([], [7], None, [])
ALWAYS = (-(2**62), 2**62)


class Slow:
    """An index of these times, in ms. A step over more than `affordable` of its documents runs out of time, and one that has none left
    at its beginning finds nothing."""

    def __init__(self, times: list[int], affordable: int) -> None:
        self._rows: list[Row] = []
        for seq, ms in enumerate(sorted(times), start=1):
            highest = self._rows[-1].id if self._rows and self._rows[-1].at_us == ms * 1000 else None
            self._rows.append(Row(next_id(ms * 1000, highest), UUID(int=seq), 7, seq, ms * 1000))
        self._affordable = affordable
        self.steps = 0
        self.wide: list[int] = []
        """How many documents each step was about that ran out of time."""

    def cursors(self, _: Collection[int]) -> Mapping[int, int]:
        return {}

    def bounds(self) -> tuple[int, int] | None:
        return (self._rows[0].id, self._rows[-1].id) if self._rows else None

    def find(self, _: Asked, low: int, high: int, limit: int, budget: Budget | None) -> Step:
        self.steps += 1
        rows = [row for row in reversed(self._rows) if low <= row.id < high]
        if budget is not None and (len(rows) > self._affordable or budget.is_over):
            self.wide.append(len(rows))
            return Step([], is_whole=False)
        return Step(rows[:limit], is_whole=len(rows) < limit)


def pages(index: Slow, limit: int, seconds: float = 1.0) -> list[int]:
    """The seqs of all rows, over as many searches as it takes."""
    found: list[int] = []
    below, width_ms = FARTHEST, 0
    for _ in range(10_000):
        reached: int | None = 0
        rows: dict[int, Row] = {}
        for window in windows(index, ASKED, ALWAYS, below, width_ms, limit, Budget(lambda: 0.0, seconds)):
            rows |= {row.id: row for row in window.rows if Key(row.at_us, row.room_id, row.seq) < below}
            reached, width_ms = window.reached_us, window.width_ms
        found += [rows[id_].seq for id_ in sorted(rows, reverse=True)]
        if reached is None:
            return found
        below = Key(reached, 0, 0)
    raise AssertionError("the search gets no further")


@pytest.mark.parametrize("affordable", [0, 1, 3, 1000])
@pytest.mark.parametrize("limit", [1, 2, 50])
@pytest.mark.parametrize("seconds", [1.0, -1.0])
def test_every_candidate_comes_once_and_the_search_always_gets_further(
    affordable: int, limit: int, seconds: float
) -> None:
    random = Random(affordable + limit)
    times = [random.choice((random.randrange(10**7), 5_000_000, 5_000_001)) for _ in range(60)]
    index = Slow(times, affordable)
    assert pages(index, limit, seconds) == list(range(60, 0, -1))


def test_a_step_that_ran_out_of_time_is_followed_by_narrower_ones() -> None:
    index = Slow(list(range(0, 100_000, 10)), affordable=100)
    assert len(pages(index, 1000)) == 10_000
    assert len(index.wide) < index.steps / 2
    assert max(index.wide) <= 8 * 100


def test_pages_whose_time_is_over_at_once_get_further_by_more_than_a_millisecond() -> None:
    index = Slow(list(range(0, 100_000, 1000)), affordable=100)
    assert len(pages(index, 1000, seconds=-1.0)) == 100
    assert index.steps <= 100


def test_times_that_are_not_asked_for_are_not_looked_at() -> None:
    index = Slow(list(range(0, 1_000_000, 1000)), affordable=10**6)
    span = (500_000_000, 510_000_000)
    seen = [
        row.at_us for window in windows(index, ASKED, span, FARTHEST, 0, 50, Budget(lambda: 0.0)) for row in window.rows
    ]
    assert sorted(seen) == list(range(500_000_000, 510_000_001, 1_000_000))
    assert NARROWEST_MS <= index.steps <= 10


def test_an_empty_index_is_over_at_once() -> None:
    (window,) = windows(Slow([], 1), ASKED, ALWAYS, FARTHEST, 0, 50, Budget(lambda: 0.0))
    assert (window.rows, window.reached_us) == ([], None)
