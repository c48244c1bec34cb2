"""Whom a text addresses besides those it mentions: everybody by `@room`, everybody who is there by `@here`, and by their own keywords
those who chose them."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

import msgspec

from backchannel.protocol.errors import invalid
from backchannel.rules import check_text
from backchannel.search.words import words_of
from backchannel.text_rules import clean_name

KEYWORDS: Final = 20
"""Of one person."""
KEYWORD_CHARACTERS: Final = 50
MEMBERS_ANYBODY_MAY_ADDRESS: Final = 50
"""In a larger room `@room` and `@here` are for its owner and admins: otherwise one member wakes a thousand."""

_ADDRESSED: Final = re.compile(r"(?<![\w@])@(room|here)(?![\w@]|[.-]\w)", re.IGNORECASE)
_FENCED: Final = re.compile(r"^(`{3,}|~{3,}).*?(?:^\1|\Z)", re.MULTILINE | re.DOTALL)
_TICKS: Final = re.compile(r"`+")


def addressed_by(content: str, role: str, member_count: int) -> frozenset[str]:
    """Which of "room" and "here" the text addresses. Code addresses nobody. `role`: of its sender."""
    if "@" not in content or (member_count > MEMBERS_ANYBODY_MAY_ADDRESS and role == "member"):
        return frozenset()
    text = _without_code(_FENCED.sub(" ", content))
    return frozenset(match.lower() for match in _ADDRESSED.findall(text))


def _without_code(text: str) -> str:
    """The text between spans of code: each ends at the next run of as many backticks as it began with. In one pass, as a member may write
    16 KiB of backticks: a pattern would look for the end of each of them to the end of the text."""
    runs = [match.span() for match in _TICKS.finditer(text)]
    next_alike: list[int | None] = [None] * len(runs)
    seen: dict[int, int] = {}
    for index in range(len(runs) - 1, -1, -1):
        length = runs[index][1] - runs[index][0]
        next_alike[index] = seen.get(length)
        seen[length] = index
    kept, at, index = [], 0, 0
    while index < len(runs):
        end = next_alike[index]
        if end is not None:
            kept.append(text[at : runs[index][0]])
            at, index = runs[end][1], end
        index += 1
    return " ".join([*kept, text[at:]])


def words_in(text: str) -> str:
    """As a search finds them: folded. Each between two spaces; empty if there are none."""
    words = " ".join(word.text for word in words_of(text))
    return f" {words} " if words else ""


@lru_cache(maxsize=4096)
def keywords_from(stored: str) -> tuple[str, ...]:
    """The words of each keyword, from JSON. Each message is compared with those of all members."""
    return tuple(words_in(keyword) for keyword in msgspec.json.decode(stored, type=list[str]))


def has_keyword(words: str, keywords: Iterable[str]) -> bool:
    """Whether one of the keywords, given as its words, stands in a text of these words: all of it, adjacent and in order."""
    return any(keyword in words for keyword in keywords if keyword)


def check_keywords(keywords: Sequence[str]) -> list[str]:
    """Return them as stored: cleaned, each once. Raises CommandError `invalid`."""
    if len(keywords) > KEYWORDS:
        raise invalid(keywords=f"There are {len(keywords)}; a person has {KEYWORDS} at most.")
    kept: dict[str, str] = {}
    for keyword in keywords:
        check_text(keywords=keyword)
        words = words_in(keyword)
        if not words:
            raise invalid(keywords="A keyword needs a letter or a digit.")
        if len(keyword) > KEYWORD_CHARACTERS:
            raise invalid(keywords=f"A keyword has {KEYWORD_CHARACTERS} characters at most.")
        kept.setdefault(words, clean_name(keyword))
    return list(kept.values())
