"""Reads an index newest first, in steps of growing width, until there is enough or the time is over.

Where a step takes too long, the search ends with what it has, and the cursor of the next page says to begin with a narrower one. So a
search ends in time however much there is, and a client that goes on always gets further: the first step has time of its own, else pages
whose time went into the unindexed tail would advance by one millisecond each.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from backchannel.search.cursor import Key
from backchannel.store.search.budget import STEP_S, Budget
from backchannel.store.search.documents import Row, id_at, ms_of
from backchannel.store.search.index import Asked, Reading

FIRST_PART: Final = 512
"""The first step covers this part of the time from the oldest to the newest message."""
GROWTH: Final = 8
NARROWEST_MS: Final = 1
"""A step as narrow as this is carried out whatever time it takes: no narrower one could get further."""
FARTHEST: Final = Key(2**53, 0, 0)


class Window(NamedTuple):
    rows: list[Row]
    """In no order."""
    reached_us: int | None
    """Everything of this time and later has been looked at. None: everything has."""
    width_ms: int
    """For the next step."""


def windows(
    index: Reading, asked: Asked, span: tuple[int, int], below: Key, width_ms: int, limit: int, budget: Budget
) -> Iterator[Window]:
    """`span`: the times, in µs, that are asked for. `below`: rows may be those of its millisecond too. `limit`: rows a step, at most,
    unless one millisecond has more. Ends when everything was looked at; the last window is then one with `reached_us` None. Ends without
    that when the time is over."""
    bounds = index.bounds()
    if bounds is None or not asked.rooms:
        yield Window([], None, width_ms)
        return
    oldest, newest = ms_of(bounds[0]), ms_of(bounds[1])
    low = max(oldest, span[0] // 1000)
    high = min(newest + 1, _ms_above(below), -(-span[1] // 1000) + 1)
    """Milliseconds; below this one nothing has been looked at."""
    everything = newest - oldest + 1
    width = min(width_ms or max(everything // FIRST_PART, NARROWEST_MS), everything)
    is_due = True
    """Whether a step must be made even if the time is over: else the search would get no further."""
    if low >= high:
        yield Window([], None, width)
    while low < high:
        if budget.is_over and not is_due:
            return
        own = budget.at_least(STEP_S) if is_due else budget
        is_due = False
        start = max(low, high - width)
        is_narrowest = high - start <= NARROWEST_MS
        step = index.find(asked, id_at(start), id_at(high), limit, None if is_narrowest else own)
        if step.is_whole:
            high = start
            width = min(width * GROWTH, everything)
            yield Window(step.rows, None if low >= high else high * 1000, width)
            continue
        is_out_of_time = len(step.rows) < limit
        # Below the last row there may be more, also in its own millisecond.
        reached = ms_of(step.rows[-1].id) + 1 if step.rows else high
        if reached < high:
            high = reached
        elif is_out_of_time:
            width = max((high - start) // GROWTH, NARROWEST_MS)
        else:
            limit *= GROWTH
            is_due = True
        yield Window([row for row in step.rows if ms_of(row.id) >= high], high * 1000, width)
        if is_out_of_time:
            return


def _ms_above(place: Key) -> int:
    """The first millisecond in which nothing lies below this place. A page that ended between two milliseconds does not look at the newer
    one again: it might take all the time there is, every time."""
    return -(-place.at_us // 1000) if place[1:] == (0, 0) else place.at_us // 1000 + 1
