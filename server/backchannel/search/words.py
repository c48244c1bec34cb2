"""The words of a text, folded, with their places in it.

A word is a run of letters and digits, with the marks that folding leaves. A run of characters of scripts without spaces (Han, Kana,
Hangul) is a sequence of overlapping pairs instead: any two characters that are typed are then found by one comparison. A run of a
single character is that character. Of a URL, the words of host and path count.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final, NamedTuple

from backchannel.search.letters import folded, joins, kind_of


class Word(NamedTuple):
    """`start` and `end`: where it stands in the text, in UTF-16 units."""

    text: str
    start: int
    end: int
    place: int
    """Its number in the text. Words that stand beside each other are numbered so."""
    mention: int = -1
    """Where the @ before it stands; -1 if there is none."""
    characters: tuple[str, ...] = ()
    """Of a pair, or of a single character of such a script: what it consists of. Empty for a word."""
    middle: int = -1
    """Of a pair: where its second character starts."""


_ASCII: Final = re.compile(r"[a-z0-9]+")
_SCHEME: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789+.-")
_LONGEST_SCHEME: Final = 20
_ADDRESS: Final = re.compile(r"([^\s/?#<>\"`)]*)([^\s?#<>\"`)]*)([^\s<>\"`)]*)")
"""Behind `://`: who and where, the path, the rest."""
_PORT: Final = re.compile(r":[0-9]*\Z")


def words_of(text: str) -> list[Word]:
    if text.isascii():
        return list(_ascii_words(_without_dropped(text.lower())))
    plain, clusters, starts = _fold(text)
    return list(_words(_without_dropped(plain), clusters, starts))


def fold_text(text: str) -> str:
    """The form in which names and values of a query are compared."""
    return text.lower() if text.isascii() else _fold(text)[0]


def _ascii_words(text: str) -> Iterator[Word]:
    for place, match in enumerate(_ASCII.finditer(text)):
        start, end = match.span()
        is_mention = start > 0 and text[start - 1] == "@" and not (start > 1 and text[start - 2].isalnum())
        yield Word(match.group(), start, end, place, start - 1 if is_mention else -1)


def _fold(text: str) -> tuple[str, list[int], list[int]]:
    """The folded text; the number of the cluster that each of its characters is from; where each cluster starts, in UTF-16 units, and at
    last where the text ends."""
    clusters: list[str] = []
    for character in text:
        if clusters and joins(character):
            clusters[-1] += character
        else:
            clusters.append(character)
    parts = [folded(cluster) for cluster in clusters]
    owners = [number for number, part in enumerate(parts) for _ in part]
    lengths = (sum(2 if each > "\uffff" else 1 for each in cluster) for cluster in clusters)
    return "".join(parts), owners, [0, *accumulate(lengths)]


def _words(plain: str, owners: Sequence[int], starts: Sequence[int]) -> Iterator[Word]:
    def span(first: int, end: int) -> tuple[int, int]:
        return starts[owners[first]], starts[owners[end - 1] + 1]

    place = 0
    for kind, first, end in _runs(plain):
        if kind == "cjk":
            units = list(_units(plain, first, end))
            for one, other in zip(units, units[1:] or units, strict=False):  # a single one with itself
                letters = (plain[slice(*one)], plain[slice(*other)]) if one != other else (plain[slice(*one)],)
                middle = starts[owners[other[0]]] if one != other else -1
                yield Word("".join(letters), *span(one[0], other[1]), place, characters=letters, middle=middle)
                place += 1
            continue
        is_mention = first > 0 and plain[first - 1] == "@" and not (first > 1 and _is_letter(plain[first - 2]))
        mention = starts[owners[first - 1]] if is_mention else -1
        yield Word(plain[first:end], *span(first, end), place, mention)
        place += 1


def _runs(plain: str) -> Iterator[tuple[str, int, int]]:
    """(kind, first, end) of each run of letters of one kind. A mark belongs to the run before it, and alone to none."""
    kind, first = "none", 0
    for at, character in enumerate(plain):
        here = kind_of(character)
        if here == "mark" and kind in ("word", "cjk"):
            continue
        if here != kind:
            if kind in ("word", "cjk"):
                yield kind, first, at
            kind, first = here, at
    if kind in ("word", "cjk"):
        yield kind, first, len(plain)


def _units(plain: str, first: int, end: int) -> Iterator[tuple[int, int]]:
    """Each character of a run with its marks."""
    begun = first
    for at in range(first + 1, end):
        if kind_of(plain[at]) != "mark":
            yield begun, at
            begun = at
    yield begun, end


def _is_letter(character: str) -> bool:
    return kind_of(character) in ("word", "cjk", "mark")


def _without_dropped(text: str) -> str:
    """The folded text with spaces in place of what does not count in a URL: scheme, user, port, query, fragment."""
    at = text.find("://")
    if at < 0:
        return text
    kept = list(text)
    while at >= 0:
        start = at
        while start > max(0, at - _LONGEST_SCHEME) and text[start - 1] in _SCHEME:
            start -= 1
        match = _ADDRESS.match(text, at + 3)
        next_at = at + 3
        if start < at and match is not None:
            host, host_end = match.start(1) + match.group(1).rfind("@") + 1, match.end(1)
            if port := _PORT.search(text, host, host_end):
                host_end = port.start()
            dropped = ((start, host), (host_end, match.end(1)), match.span(3))
            for first, end in dropped:
                kept[first:end] = " " * (end - first)
            next_at = max(next_at, match.end())
        at = text.find("://", next_at)
    return "".join(kept)
