"""The part of a message that an index stores: its words in order, and terms for every other filter.

A term with `_` cannot be a word of a text, since that is neither letter nor digit.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple
from uuid import UUID

from backchannel.protocol import times
from backchannel.protocol.shapes import Message, RoomKind
from backchannel.search.matching import marks_of, words_of_message
from backchannel.search.wanted import Piece

LONGEST: Final = 100
"""Code points of a word that are stored. A longer one is found by its beginning, and matched whole afterwards."""
SLOT_BITS: Final = 21
"""Of a document's number: the messages of one millisecond."""
_SMALLEST, _LARGEST = -(2**63), 2**63 - 1


class Document(NamedTuple):
    message: UUID
    room_id: int
    seq: int
    sender_id: int
    at_us: int
    words: tuple[tuple[str, int], ...]
    """With their places; ascending."""
    terms: tuple[str, ...]


class Row(NamedTuple):
    """A candidate."""

    id: int
    message: UUID
    room_id: int
    seq: int
    at_us: int


def document_of(message: Message, kind: RoomKind) -> Document:
    words = words_of_message(message)
    characters = (f"c_{each[:LONGEST]}" for word in words for each in word.characters)
    mentions = (f"m_{word.text[:LONGEST]}" for word in words if word.mention >= 0)
    marks = (mark_term(mark) for mark in marks_of(message, kind))
    return Document(
        message.id,
        message.room_id,
        message.seq,
        message.sender.id,
        times.from_wire(message.created_at),
        tuple((word.text[:LONGEST], word.place) for word in words),
        tuple(dict.fromkeys((*sorted(marks), *mentions, *characters))),
    )


def mark_term(mark: str) -> str:
    return f"h_{mark}"


def sender_term(person_id: int) -> str:
    return f"u_{person_id}"


def room_term(room_id: int) -> str:
    return f"r_{room_id}"


def piece_term(piece: Piece) -> str:
    """The term, or the beginning of one, that every message with this piece has."""
    sign = "c_" if piece.is_character else "m_" if piece.is_mention else ""
    return sign + piece.text[:LONGEST]


def id_at(ms: int) -> int:
    """The lowest number of a message of this millisecond. Numbers are in the order of time, so an index is read newest first; among those
    of one millisecond they say nothing."""
    return min(max(ms << SLOT_BITS, _SMALLEST), _LARGEST)


def ms_of(id_: int) -> int:
    return id_ >> SLOT_BITS


def next_id(at_us: int, highest: int | None) -> int:
    """The number of a new message. `highest`: of those in its millisecond."""
    return id_at(at_us // 1000) if highest is None else highest + 1


def longest(pieces: Iterable[Piece], count: int) -> list[Piece]:
    """Up to `count` of the pieces, the longest first: they are probably the rarest."""
    return sorted(dict.fromkeys(pieces), key=lambda piece: -len(piece.text))[:count]
