"""Parses the text of the search box into its parts. No text is an error.

    from:ben in:"release notes" deploy -staging "did not start"

A part is a word, a phrase in quotation marks, or a filter; white space and quotation marks end a word. A `-` in front of a word or a
phrase excludes it. `name:` is a filter where the name is known and something stands behind it; otherwise it is text.
"""

import re
from typing import Final, Literal

import msgspec

from backchannel.search.words import fold_text

FILTERS: Final = ("from", "in", "before", "after", "on", "has", "is")

SPACE: Final = "\t-\r\x1c- \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
"""The white space of Unicode, as a part of a character class: Python and JavaScript disagree on theirs."""

_PART: Final = re.compile(
    rf'(?P<minus>-?)(?:"(?P<phrase>[^"]*)(?:"|\Z)|(?P<word>[^{SPACE}"]+)(?P<value>(?<=:)"(?P<quoted>[^"]*)(?:"|\Z))?)'
)


class Part(msgspec.Struct, frozen=True, omit_defaults=True):
    """`start` and `end`: where it stands in the query, in code points. `text`: as typed; of a filter its value, folded."""

    kind: Literal["word", "phrase", "filter"]
    text: str
    start: int
    end: int
    excluded: bool = False
    name: str = ""


def parse(query: str) -> list[Part]:
    return [part for match in _PART.finditer(query) for part in _parts(match)]


def _parts(match: "re.Match[str]") -> list[Part]:
    start, end = match.span()
    is_excluded = bool(match["minus"])
    if match["phrase"] is not None:
        return [Part("phrase", match["phrase"], start, end, is_excluded)]
    word = match["word"]
    name, colon, value = word.partition(":")
    known = fold_text(name)
    is_filter = bool(colon) and known in FILTERS and not is_excluded
    if match["value"] is None:
        if is_filter and value:
            return [Part("filter", fold_text(value), start, end, name=known)]
        return [Part("word", word, start, end, is_excluded)]
    if is_filter and not value and match["quoted"].strip():
        return [Part("filter", fold_text(match["quoted"].strip()), start, end, name=known)]
    middle = match.start("value")
    return [
        Part("word", word, start, middle, is_excluded),
        Part("phrase", match["quoted"], middle, end),
    ]
