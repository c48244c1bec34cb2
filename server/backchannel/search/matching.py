"""Does a message match what is wanted, and where? This decides; an index only proposes.

A message is looked at as it is now. File names are words of their message, without places in its text.
"""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from backchannel.protocol import times
from backchannel.protocol.shapes import Message, RoomKind
from backchannel.search.wanted import Piece, Term, Wanted
from backchannel.search.words import Word, words_of

LINK: Final = re.compile(r"https?://[^\s/]", re.IGNORECASE)
IMAGE: Final = "image/"
PLACES: Final = 200
"""Of each term, the places that are looked for: nobody reads more of them in one message."""

Ranges = list[tuple[int, int]]


class Names(msgspec.Struct, frozen=True):
    """The people and rooms that a query's names resolve to. None: the query has no such filter."""

    senders: frozenset[int] | None = None
    rooms: frozenset[int] | None = None


class Found(msgspec.Struct, frozen=True):
    """How a message matches. `ranges`: see `results.Hit`. `words`: where the terms stand, for its score."""

    ranges: Ranges
    words: Sequence[tuple[Term, Sequence[Sequence[Word]]]]


def words_of_message(message: Message) -> list[Word]:
    """Those of its text, then those of its files, which stand beside no others and in no place: `start` is -1."""
    words = words_of(message.content)
    place = words[-1].place + 2 if words else 0
    for attachment in message.attachments:
        named = [
            word._replace(start=-1, end=-1, place=place + word.place, mention=-1) for word in words_of(attachment.name)
        ]
        words += named
        place = named[-1].place + 2 if named else place
    return words


def marks_of(message: Message, kind: RoomKind) -> frozenset[str]:
    """The values of `has:` and `is:` that hold for a message of a room of this kind."""
    marks = set()
    if LINK.search(message.content):
        marks.add("link")
    if message.attachments:
        marks.add("file")
        if any(attachment.content_type.startswith(IMAGE) for attachment in message.attachments):
            marks.add("image")
    if kind == "direct":
        marks.add("dm")
    if message.thread is not None:
        marks.add("thread")
    if message.pinned:
        marks.add("pinned")
    return frozenset(marks)


def match(wanted: Wanted, names: Names, message: Message, kind: RoomKind) -> Found | None:
    """None if the message does not match."""
    if message.deleted or not _passes(wanted, names, message, kind):
        return None
    if not (wanted.terms or wanted.excluded):
        return Found([], ())
    text = Text(words_of_message(message))
    if any(all(text.places_of(term) for term in terms) for terms in wanted.excluded):
        return None
    found = []
    for term in wanted.terms:
        places = text.places_of(term)
        if not places:
            return None
        found.append((term, places))
    spans = (
        span
        for term, places in found
        for place in places
        for piece, word in zip(term.pieces, place, strict=True)
        for span in _spans(piece, word)
    )
    return Found(merged(span for span in spans if span[0] >= 0), found)


class Text:
    """The words of a message, arranged so that a term costs no look at each of them: a query may have hundreds."""

    def __init__(self, words: Sequence[Word]) -> None:
        self._words = words
        self._by_text: defaultdict[str, list[int]] = defaultdict(list)
        self._by_character: defaultdict[str, list[int]] = defaultdict(list)
        for at, word in enumerate(words):
            self._by_text[word.text].append(at)
            for character in dict.fromkeys(word.characters):
                self._by_character[character].append(at)
        self._texts: list[str] | None = None

    def places_of(self, term: Term) -> list[list[Word]]:
        """The words that each occurrence of the term consists of, up to `PLACES` of them, in the order of the text."""
        first, *rest = term.pieces
        if any(piece.text not in self._by_text for piece in rest):
            return []
        found: list[list[Word]] = []
        for at in self._where(first):
            run = self._words[at : at + len(term.pieces)]
            if len(run) == len(term.pieces) and all(
                map(_fits, term.pieces, run, range(run[0].place, run[0].place + len(run)))
            ):
                found.append(list(run))
                if len(found) == PLACES:
                    break
        return found

    def _where(self, piece: Piece) -> Sequence[int]:
        if piece.is_character:
            return self._by_character.get(piece.text, ())
        if not piece.is_prefix:
            return self._by_text.get(piece.text, ())
        if self._texts is None:
            self._texts = sorted(self._by_text)
        begin = bisect_left(self._texts, piece.text)
        found: list[int] = []
        for text in self._texts[begin:]:
            if not text.startswith(piece.text):
                break
            found += self._by_text[text]
        return sorted(found)


def merged(spans: Iterable[tuple[int, int]]) -> Ranges:
    """Sorted, with those that touch or overlap made one."""
    ranges: Ranges = []
    for start, end in sorted(spans):
        if ranges and start <= ranges[-1][1]:
            ranges[-1] = (ranges[-1][0], max(end, ranges[-1][1]))
        else:
            ranges.append((start, end))
    return ranges


def _fits(piece: Piece, word: Word, place: int) -> bool:
    if word.place != place:
        return False
    if piece.is_character:
        return piece.text in word.characters
    if piece.is_mention and word.mention < 0:
        return False
    if piece.is_prefix and not word.characters:
        return word.text.startswith(piece.text)
    return piece.text == word.text


def _spans(piece: Piece, word: Word) -> Ranges:
    if piece.is_mention:
        return [(word.mention, word.end)]
    if piece.is_character and word.middle >= 0:
        halves = ((word.start, word.middle), (word.middle, word.end))
        return [half for half, each in zip(halves, word.characters, strict=True) if each == piece.text]
    return [(word.start, word.end)]


def _passes(wanted: Wanted, names: Names, message: Message, kind: RoomKind) -> bool:
    if names.senders is not None and message.sender.id not in names.senders:
        return False
    if names.rooms is not None and message.room_id not in names.rooms:
        return False
    if wanted.times:
        at = times.from_wire(message.created_at)
        if not all(any(start <= at < end for start, end in spans) for spans in wanted.times):
            return False
    if wanted.has is None and wanted.is_ is None:
        return True
    marks = marks_of(message, kind)
    return all(asked is None or marks & asked for asked in (wanted.has, wanted.is_))
