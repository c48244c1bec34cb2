"""How well a message matches, for the order `best`. In whole numbers, and by nothing but the message and the query, so that every
database orders alike. How new it is counts by its rank among the hits, so that the order does not change while nothing is written.
"""

from itertools import pairwise
from typing import Final

from backchannel.protocol.shapes import Message
from backchannel.search.matching import Found

WHOLE: Final = 100
"""A term that is found as it was typed."""
BEGINNING: Final = 60
"""A term that is the beginning of a word."""
AGAIN: Final = 15
AGAIN_AT_MOST: Final = 3
"""Further occurrences that count, for each term."""
BESIDE: Final = 80
"""All terms stand beside each other, in the order of the query."""
REACTION: Final = 10
REACTIONS_AT_MOST: Final = 5
NEWEST: Final = 60
"""The newest hit; half of it in the middle of the hits."""


def score(found: Found, message: Message) -> int:
    """The score without the part for recency."""
    reactions = sum(reaction.count for reaction in message.reactions)
    points = REACTION * min(reactions, REACTIONS_AT_MOST)
    for term, places in found.words:
        is_whole = any(
            piece.text == word.text for place in places for piece, word in zip(term.pieces[:1], place, strict=False)
        )
        points += WHOLE if is_whole or len(term.pieces) > 1 else BEGINNING
        points += AGAIN * min(len(places) - 1, AGAIN_AT_MOST)
    if len(found.words) > 1 and _stand_beside(found):
        points += BESIDE
    return points


def recency(rank: int, count: int) -> int:
    """`rank`: 0 for the newest of `count` hits."""
    return NEWEST * (count - rank) // count


def _stand_beside(found: Found) -> bool:
    starts = None
    for (_, before), (_, after) in pairwise(found.words):
        ends = {place[-1].place for place in before if starts is None or place[0].place in starts}
        starts = {place[0].place for place in after if place[0].place - 1 in ends}
        if not starts:
            return False
    return True
