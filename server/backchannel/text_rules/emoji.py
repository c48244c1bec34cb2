"""What can be a reaction, and its one spelling.

An emoji is told by its shape: by the blocks that Unicode keeps for emoji, and by the few characters that build sequences. So the
emoji of next year are accepted by the server of today.
"""

import unicodedata

from backchannel.text_rules import characters as c
from backchannel.text_rules.names import clean_name

_STEPS = frozenset(("", ".", ".."))
"""An address in REST cannot carry these as one step of its path, nor a slash."""


def canonical_emoji(text: str) -> str:
    """The spelling that is kept: NFC, each part of an emoji followed by U+FE0F where it would be text without it, and by no
    other selector of presentation. ❤, ❤︎ and ❤️ are all ❤️. A word comes back as it is."""
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
    """An emoji, or one word, in its canonical spelling: something that can be seen, without white space, controls, characters
    that hide or turn text, and without what an address cannot carry as one step of its path."""
    if text in _STEPS or "/" in text:
        return False
    if any(_is_refused(ord(character)) for character in text):
        return False
    return clean_name(text) == text


def _is_refused(code: int) -> bool:
    return code in c.SPACES or any(code in block for block in c.PRIVATE_USE)


def _is_emoji(codes: list[int]) -> bool:
    """Built of what emoji are built of, and of nothing else."""
    return bool(codes) and all(
        code in c.PICTOGRAPHS
        or code in (c.ZWJ, c.KEYCAP)
        or 0xE0020 <= code <= c.TAG_END
        or (code in c.KEYCAP_BASES and at + 1 < len(codes) and codes[at + 1] == c.KEYCAP)
        for at, code in enumerate(codes)
    )
