"""Cleans names and topics: removes what could make one look like another, or reverse the text around it.

Invisible characters that a script or an emoji needs are kept, each only where it is needed: a joiner between letters of a joining
script, or between two parts of an emoji; a variation selector after the character that it selects.
"""

import unicodedata
from typing import Final

from backchannel.text_rules import characters as c

_TAGS: Final = range(0xE0020, 0xE007F)
_IDEOGRAPHIC_SELECTORS: Final = (range(0xFE00, 0xFE03), range(0xE0100, 0xE01F0))
_MONGOLIAN_SELECTORS: Final = range(0x180B, 0x1810)


def is_blank(text: str) -> bool:
    """Whether nothing in it is visible: only white space, controls, zero-width and other invisible characters, and non-characters."""
    return all((code := ord(character)) in c.INVISIBLE or code in c.NONCHARACTERS for character in text)


def clean_name(text: str) -> str:
    """A name or topic as stored: NFC, without controls, bidi controls and invisible characters, white space as single spaces. Empty if
    nothing in it is visible."""
    if text.isascii() and text.isprintable():  # the common case
        return " ".join(text.split())
    kept: list[int] = []
    codes = [ord(character) for character in unicodedata.normalize("NFC", text)]
    for at, code in enumerate(codes):
        if code in c.SPACES:
            kept.append(0x20)
        elif code in c.IGNORABLE:
            if _is_needed(code, kept, codes, at):
                kept.append(code)
        elif not _is_nothing(code) and not (_is_mark(code) and (not kept or kept[-1] == 0x20)):
            kept.append(code)
    cleaned = " ".join("".join(map(chr, kept)).split())
    return "" if is_blank(cleaned) else cleaned


def _is_nothing(code: int) -> bool:
    return code in c.CONTROLS or code in c.NONCHARACTERS or code in c.SURROGATES


def _is_mark(code: int) -> bool:
    """A mark at the beginning of a name would attach to the character before the name."""
    return unicodedata.category(chr(code)) in ("Mn", "Mc", "Me")


def _is_needed(code: int, kept: list[int], codes: list[int], at: int) -> bool:
    """Whether the invisible character `code` at position `at` is needed by its neighbours. `kept`: the characters before it."""
    before = kept[-1] if kept else 0
    after = next((each for each in codes[at + 1 :] if each not in c.IGNORABLE), 0)
    if code == c.ZWJ and after in c.PICTOGRAPHS and _ends_emoji(kept):
        return True
    if code in (c.ZWJ, c.ZWNJ):
        # A joiner may end a word; a non-joiner has meaning between two letters only.
        return _joins(before) and (code == c.ZWJ or _joins(after))
    if code in c.PRESENTATIONS:
        return before in c.PICTOGRAPHS or (before in c.KEYCAP_BASES and after == c.KEYCAP)
    if any(code in selectors for selectors in _IDEOGRAPHIC_SELECTORS):
        return any(before in block for block in c.HAN)
    if code in _MONGOLIAN_SELECTORS:
        return before in c.MONGOLIAN
    if code in _TAGS or code == c.TAG_END:
        return _is_in_flag(kept, codes, at)
    return False


def _joins(code: int) -> bool:
    return any(code in block for block in c.JOINING_SCRIPTS)


def _ends_emoji(kept: list[int]) -> bool:
    if not kept:
        return False
    return kept[-1] in c.PICTOGRAPHS or kept[-1] in c.PRESENTATIONS or kept[-1] == c.TAG_END


def _is_in_flag(kept: list[int], codes: list[int], at: int) -> bool:
    """Tags spell a region after a black flag, and end with a cancel tag."""
    before = len(kept) - 1
    while before >= 0 and kept[before] in _TAGS:
        before -= 1
    if before < 0 or kept[before] != c.BLACK_FLAG:
        return False
    after = at
    while after < len(codes) and codes[after] in _TAGS:
        after += 1
    return after < len(codes) and codes[after] == c.TAG_END
