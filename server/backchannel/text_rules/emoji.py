"""Which reactions are allowed, and their canonical spelling.

An emoji is recognised by its structure: by the blocks that Unicode reserves for emoji, and by the few characters that form sequences. So
the server accepts emoji that Unicode adds after its release.
"""

import unicodedata

from backchannel.text_rules import characters as c
from backchannel.text_rules.names import clean_name

_STEPS = frozenset(("", ".", ".."))
"""These, and a slash, cannot be part of a path segment of a REST URL."""


def canonical_emoji(text: str) -> str:
    """The stored spelling: NFC, with U+FE0F after each part of an emoji that would be text without it, and without other presentation
    selectors. ❤, ❤︎ and ❤️ all become ❤️. A word is returned unchanged."""
    if text.isascii() and "\u20e3" not in text:
        return text
    codes = [
        code for character in unicodedata.normalize("NFC", text) if (code := ord(character)) not in c.PRESENTATIONS
    ]
    if not _is_emoji(codes):
        return "".join(map(chr, codes))
    spelled: list[int] = []
    for at, code in enumerate(codes):
        spelled.append(code)
        after = codes[at + 1] if at + 1 < len(codes) else 0
        needs = code in c.TEXT_BY_DEFAULT and after not in c.MODIFIERS
        if needs or (code in c.KEYCAP_BASES and after == c.KEYCAP):
            spelled.append(0xFE0F)
    return "".join(map(chr, spelled))


def is_reaction(text: str) -> bool:
    """Whether `text` is an emoji or one word in canonical spelling: visible, without white space, controls, invisible or bidi characters,
    and without characters that cannot be in a path segment of a URL."""
    if text in _STEPS or "/" in text:
        return False
    if any(_is_refused(ord(character)) for character in text):
        return False
    return clean_name(text) == text


def _is_refused(code: int) -> bool:
    return code in c.SPACES or any(code in block for block in c.PRIVATE_USE)


def _is_emoji(codes: list[int]) -> bool:
    """Whether it consists only of code points that emoji consist of."""
    return bool(codes) and all(
        code in c.PICTOGRAPHS
        or code in (c.ZWJ, c.KEYCAP)
        or 0xE0020 <= code <= c.TAG_END
        or (code in c.KEYCAP_BASES and at + 1 < len(codes) and codes[at + 1] == c.KEYCAP)
        for at, code in enumerate(codes)
    )
