"""How a character is folded for a search, and what kind of character it is."""

import unicodedata
from functools import lru_cache
from typing import Final, Literal

from backchannel.text_rules import characters as c

Kind = Literal["word", "cjk", "mark", "at", "none"]
"""A letter or digit; the same in a script without spaces; a mark that stays with its letter; the sign of a mention; anything else."""

_CJK: Final = (
    "1100-11ff 3005-3007 3021-3029 3031-3035 303b-303c 3041-3096 309d-309e 30a1-30fa 30fc-30fe 31f0-31ff 3400-4dbf "
    "4e00-9fff a960-a97c ac00-d7a3 d7b0-d7c6 d7cb-d7fb fa0e-fa0f fa11 fa13-fa14 fa1f fa21 fa23-fa24 fa27-fa29 16fe3 "
    "16ff2-16ff6 1aff0-1aff3 1aff5-1affb 1affd-1affe 1b000-1b122 1b132 1b150-1b152 1b155 1b164-1b167 1d360-1d371 "
    "20000-2a6df 2a700-2b81d 2b820-2cead 2ceb0-2ebe0 2ebf0-2ee5d 30000-3134a 31350-33479"
)
"""Letters and digits with Han, Hiragana, Katakana or Hangul among their Script_Extensions, as they are after NFKC. Unicode 17."""
CJK: Final = tuple(
    (int(low, 16), int(high or low, 16)) for low, _, high in (part.partition("-") for part in _CJK.split())
)

_JAMO: Final = range(0x1160, 0x1200)
"""Hangul vowels and final consonants, which compose with the letter before them."""
_HALFWIDTH_VOICING: Final = (0xFF9E, 0xFF9F)
_CACHED: Final = 20_000
"""Characters, of any script, whose folding is kept: all that a workspace commonly writes."""


@lru_cache(_CACHED)
def joins(character: str) -> bool:
    """Whether it is folded together with the character before it."""
    code = ord(character)
    if code < 0x300:
        return False
    return code in _JAMO or code in _HALFWIDTH_VOICING or unicodedata.category(character)[0] == "M" or _is_ignored(code)


@lru_cache(_CACHED)
def folded(cluster: str) -> str:
    """A character with what joins it: NFKC, full case folding, without marks in the scripts that are often written without, NFC.
    Invisible characters disappear."""
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", cluster).casefold())
    kept: list[str] = []
    is_stripped = False
    for each in unicodedata.normalize("NFD", text):
        code = ord(each)
        if _is_ignored(code):
            continue
        if unicodedata.category(each) == "Mn":
            if is_stripped:
                continue
        else:
            is_stripped = any(code in block for block in c.STRIPPED_OF_MARKS)
        kept.append(each)
    return unicodedata.normalize("NFC", "".join(kept))


@lru_cache(_CACHED)
def kind_of(character: str) -> Kind:
    """The kind of a folded character."""
    if character == "@":
        return "at"
    category = unicodedata.category(character)[0]
    if category == "M":
        return "mark"
    if category not in "LN":
        return "none"
    code = ord(character)
    if code >= CJK[0][0] and any(low <= code <= high for low, high in CJK):
        return "cjk"
    return "word"


def _is_ignored(code: int) -> bool:
    return code in c.IGNORABLE
