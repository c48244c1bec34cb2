"""The parts of a query → what a message must have."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple

import msgspec

from backchannel.search.query import Part, parse
from backchannel.search.words import Word, words_of

PREFIX_FROM: Final = 3
"""A word of so many code points, with the @ of a mention, is found as the beginning of a word."""
QUERY_CHARACTERS: Final = 1000
DAY_US: Final = 24 * 3600 * 1_000_000
HAS: Final = ("link", "file", "image")
IS: Final = ("dm", "thread", "pinned")


class Piece(NamedTuple):
    """One word that is looked for."""

    text: str
    is_prefix: bool = False
    is_mention: bool = False
    is_character: bool = False
    """A single character of a script without spaces: found in any run of them."""


class Term(msgspec.Struct, frozen=True):
    """One piece, or several that must stand beside each other in this order."""

    pieces: tuple[Piece, ...]


class Wanted(msgspec.Struct, frozen=True):
    """Within a field any value will do; all fields must hold. None: not asked for. An empty one cannot be fulfilled."""

    terms: tuple[Term, ...] = ()
    excluded: tuple[tuple[Term, ...], ...] = ()
    """A message that has all terms of one of these is not found."""
    senders: frozenset[str] | None = None
    """Names, folded; `me` is the reader."""
    rooms: frozenset[str] | None = None
    """Names, folded."""
    has: frozenset[str] | None = None
    is_: frozenset[str] | None = None
    times: tuple[tuple[tuple[int, int], ...], ...] = ()
    """For each kind of date filter the ranges of µs, of which one must hold the message: from the first, below the second."""

    @property
    def is_nothing(self) -> bool:
        """The query asked for nothing: neither words nor filters are left of it."""
        return not (self.terms or self.excluded or self.times) and all(
            each is None for each in (self.senders, self.rooms, self.has, self.is_)
        )


def wanted_of(query: str) -> Wanted:
    terms: list[Term] = []
    excluded: list[tuple[Term, ...]] = []
    filters: defaultdict[str, list[str]] = defaultdict(list)
    for part in parse(query):
        if part.kind == "filter":
            filters[part.name].append(part.text)
            continue
        found = terms_of(part)
        if part.excluded and found:
            excluded.append(found)
        elif not part.excluded:
            terms += [term for term in found if term not in terms]
    days = tuple(
        tuple(span for text in filters[name] if (span := _span(name, text)))
        for name in ("before", "after", "on")
        if name in filters
    )
    return Wanted(
        tuple(terms),
        tuple(excluded),
        _values(filters, "from", "@"),
        _values(filters, "in", "#"),
        _values(filters, "has"),
        _values(filters, "is"),
        days,
    )


def terms_of(part: Part) -> tuple[Term, ...]:
    """The terms that a word or a phrase requires. Empty without a letter or digit."""
    words = words_of(part.text)
    if not words:
        return ()
    if part.kind == "phrase":
        if len(words) == 1 and len(words[0].characters) == 1:
            return (Term((Piece(words[0].text, is_character=True),)),)
        return (Term(tuple(Piece(word.text, is_mention=word.mention >= 0) for word in words)),)
    return tuple(_of_run(run) for run in _runs(words))


def _runs(words: list[Word]) -> list[list[Word]]:
    """Each word by itself, and the pairs of a run together."""
    runs: list[list[Word]] = []
    for word in words:
        # Pairs of one run overlap; those of two runs do not.
        if word.characters and runs and runs[-1][-1].characters and runs[-1][-1].end > word.start:
            runs[-1].append(word)
        else:
            runs.append([word])
    return runs


def _of_run(run: list[Word]) -> Term:
    (first, *_) = run
    if first.characters:
        return Term(tuple(Piece(word.text, is_character=len(word.characters) == 1) for word in run))
    is_mention = first.mention >= 0
    return Term((Piece(first.text, len(first.text) + is_mention >= PREFIX_FROM, is_mention),))


def _values(filters: dict[str, list[str]], name: str, sign: str = "") -> frozenset[str] | None:
    if name not in filters:
        return None
    return frozenset(value.removeprefix(sign) for value in filters[name])


def _span(name: str, text: str) -> tuple[int, int] | None:
    """The time that a date filter asks for, in µs. None if this is no date."""
    try:
        if len(text) != len("2026-11-30"):
            return None
        day = date.fromisoformat(text)
    except ValueError:
        return None
    start = (datetime(day.year, day.month, day.day, tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
    if name == "before":
        return _FIRST_US, start
    if name == "after":
        return start + DAY_US, _LAST_US
    return start, start + DAY_US


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_US: Final = -(2**62)
_LAST_US: Final = 2**62
