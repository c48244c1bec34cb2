"""One search: from what was asked to a page of hits. Blocking: call through `ReadPool.run`.

The order of the reads decides what may be shown. First which rooms the reader may see, and what the index has not seen; then the
candidates; then the messages as they are now; and last the rooms once more: what a reader may see at that point was theirs to read.
"""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

import msgspec

from backchannel.protocol.shapes import Message, User
from backchannel.search import cursor
from backchannel.search.cursor import AfterKey, AfterRank, Key
from backchannel.search.matching import Names, Ranges
from backchannel.search.scoring import recency, score
from backchannel.search.wanted import HAS, IS, Wanted, wanted_of
from backchannel.store import reads
from backchannel.store.access import Access, access_to, access_to_all
from backchannel.store.search.budget import Budget
from backchannel.store.search.choice import index
from backchannel.store.search.hits import Matched, Matcher
from backchannel.store.search.index import Asked, Reading
from backchannel.store.search.naming import names_of
from backchannel.store.search.tail import Tail, tail_of
from backchannel.store.search.windows import FARTHEST, windows

RANKED: Final = 2000
"""`best` orders the newest so many hits."""
ROWS_MORE: Final = 20
"""Candidates read beyond a page: some are not shown."""
RANKED_ROWS: Final = 500

Order = Literal["newest", "best"]


class Search(msgspec.Struct, frozen=True):
    query: str
    room_id: int | None = None
    order: Order = "newest"
    before: str | None = None
    limit: int = 20


class SearchPage(NamedTuple):
    hits: list[tuple[Message, Ranges]]
    has_more: bool
    before: str | None
    is_partial: bool
    behind: int


class _Gathered(NamedTuple):
    hits: list[Matched]
    """Newest first, without a hole."""
    reached: Key | None
    """Everything above this place has been looked at; None: everything has."""
    width_ms: int


def search(asked: Search, reader: User, budget: Budget) -> SearchPage:
    """Raises CommandError: `invalid` for a `before` that is none, `room_not_found`, `not_a_member`."""
    after = (
        None if asked.before is None else cursor.read(asked.before, AfterKey if asked.order == "newest" else AfterRank)
    )
    scope = _scope(asked, reader)
    with index().reading(reads.epoch()) as reading:
        tail = tail_of(scope, reading.cursors(scope))
        wanted = wanted_of(asked.query)
        names = names_of(wanted, reader)
        if wanted.is_nothing or _is_impossible(wanted, names):
            return SearchPage([], has_more=False, before=None, is_partial=False, behind=tail.behind)
        gathering = _Gathering(reading, wanted, names, scope, tail, _below(after), budget)
        page = _newest(gathering, asked, after) if asked.order == "newest" else _best(gathering, asked, after)
    allowed = _scope(asked, reader, among={hit.message.room_id for hit in page.hits})
    hits = [
        (hit.message, hit.found.ranges)
        for hit in page.hits
        if _may_still(scope[hit.message.room_id], allowed.get(hit.message.room_id))
    ]
    return SearchPage(hits, page.before is not None, page.before, page.is_partial, tail.behind)


class _Page(NamedTuple):
    hits: list[Matched]
    before: str | None
    is_partial: bool


class _Gathering:
    """Gathers hits below a place from the tail and the index together."""

    def __init__(
        self,
        reading: Reading,
        wanted: Wanted,
        names: Names,
        scope: Mapping[int, Access],
        tail: Tail,
        below: Key,
        budget: Budget,
    ) -> None:
        self._reading = reading
        self._wanted = wanted
        self._below = below
        self._budget = budget
        self._matcher = Matcher(wanted, names, scope)
        self._tail = frozenset(tail.messages)
        self._tail_hits, self._tail_reached = self._matcher.matched(tail.messages, below, budget)
        self.is_tail_whole = tail.is_whole
        rooms = scope.keys() if names.rooms is None else scope.keys() & names.rooms
        marks = [sorted(values & known) for values, known in _marks(wanted) if values is not None]
        self._asked = Asked(wanted.terms, rooms, names.senders, marks)

    def newest(self, width_ms: int, count: int, rows: int) -> _Gathered:
        """The newest `count` hits and some more, as far as the time allows."""
        hits: list[Matched] = []
        reached: Key | None = self._below
        for window in windows(
            self._reading, self._asked, _span(self._wanted), self._below, width_ms, rows, self._budget
        ):
            candidates = [row.message for row in window.rows if row.message not in self._tail]
            found, unmatched = self._matcher.matched(candidates, self._below, self._budget)
            hits += found
            width_ms = window.width_ms
            reached = None if window.reached_us is None else min(self._below, Key(window.reached_us, 0, 0))
            reached = _higher(_higher(reached, unmatched), self._tail_reached)
            is_out_of_time = unmatched is not None or (reached is not None and reached == self._tail_reached)
            if is_out_of_time or sum(_is_above(hit, reached) for hit in (*hits, *self._tail_hits)) > count:
                break
        shown = [hit for hit in (*hits, *self._tail_hits) if _is_above(hit, reached)]
        return _Gathered(sorted(shown, key=lambda hit: hit.key, reverse=True), reached, width_ms)


def _higher(one: Key | None, other: Key | None) -> Key | None:
    """Of two places up to which was looked, the one that both include. None: to the end."""
    return one if other is None else other if one is None else max(one, other)


def _is_above(hit: Matched, place: Key | None) -> bool:
    return place is None or hit.key >= place


def _below(after: AfterKey | AfterRank | None) -> Key:
    if after is None:
        return FARTHEST
    # The hits of `best` begin with the newest one itself.
    return after.key if isinstance(after, AfterKey) else after.newest._replace(seq=after.newest.seq + 1)


def _newest(gathering: _Gathering, asked: Search, after: "AfterKey | AfterRank | None") -> _Page:
    assert after is None or isinstance(after, AfterKey)
    found = gathering.newest(after.width_ms if after else 0, asked.limit, asked.limit + ROWS_MORE)
    hits = found.hits[: asked.limit]
    if len(found.hits) > asked.limit:
        return _Page(hits, cursor.write(AfterKey(hits[-1].key, found.width_ms)), is_partial=False)
    if found.reached is not None:
        return _Page(hits, cursor.write(AfterKey(found.reached, found.width_ms)), is_partial=True)
    return _Page(hits, None, is_partial=not gathering.is_tail_whole)


def _best(gathering: _Gathering, asked: Search, after: "AfterKey | AfterRank | None") -> _Page:
    """The newest hits, ranked. Later pages rank them again, from the newest that the first one had."""
    assert after is None or isinstance(after, AfterRank)
    start = after.rank if after else 0
    found = gathering.newest(0, RANKED - 1, RANKED_ROWS)
    newest = found.hits[:RANKED]
    is_partial = not gathering.is_tail_whole or (found.reached is not None and len(newest) < RANKED)
    points = [score(hit.found, hit.message) + recency(rank, len(newest)) for rank, hit in enumerate(newest)]
    ranked = sorted(range(len(newest)), key=lambda rank: (-points[rank], rank))
    end = start + asked.limit
    hits = [newest[rank] for rank in ranked[start:end]]
    before = cursor.write(AfterRank(newest[0].key, end)) if end < len(newest) else None
    return _Page(hits, before, is_partial)


def _scope(asked: Search, reader: User, among: "set[int] | None" = None) -> Mapping[int, Access]:
    """The rooms in which the reader may be shown something."""
    if asked.room_id is not None:
        return {asked.room_id: access_to(asked.room_id, reader.id)}
    return access_to_all(reader.id, among)


def _may_still(before: Access, now: Access | None) -> bool:
    """Somebody who left meanwhile, or left and returned, is shown nothing rather than something that was not theirs to see."""
    return now is not None and now.left_seq == before.left_seq


def _is_impossible(wanted: Wanted, names: Names) -> bool:
    """No message can be what is asked for."""
    return (
        names.senders == frozenset()
        or names.rooms == frozenset()
        or any(values is not None and not values & known for values, known in _marks(wanted))
        or not all(wanted.times)
    )


def _marks(wanted: Wanted) -> tuple[tuple[frozenset[str] | None, frozenset[str]], ...]:
    return (wanted.has, frozenset(HAS)), (wanted.is_, frozenset(IS))


def _span(wanted: Wanted) -> tuple[int, int]:
    """The times in µs between which all date filters can hold."""
    starts = [min(start for start, _ in spans) for spans in wanted.times]
    ends = [max(end for _, end in spans) for spans in wanted.times]
    return max(starts, default=-(2**62)), min(ends, default=2**62)
