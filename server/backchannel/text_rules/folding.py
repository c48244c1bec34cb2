"""How names and search words are compared: ignoring case, width, and marks that are often left out."""

import re
import unicodedata
from typing import Final

from backchannel.text_rules import characters as c

_WORD: Final = re.compile(r"\S+")
_KEYS: Final = 8
KEY_LENGTH: Final = 100
"""The most keys of one name: enough for every word of a person's name, bounded for other texts."""


def fold(text: str) -> str:
    """NFKC and full case folding (ß → ss), without invisible characters. Marks are removed from Latin, Greek, Cyrillic, Hebrew and Arabic
    letters and kept elsewhere (が stays が). NFC; white space becomes single spaces."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
        text = _without_marks(text)
    else:
        text = text.lower()
    visible = (" " if ord(each) in c.SPACES else each for each in text)
    return " ".join("".join(each for each in visible if each == " " or ord(each) not in c.INVISIBLE).split())


def name_keys(name: str) -> list[str]:
    """Prefix-search keys of a name: the folded name from each of its words on."""
    folded = fold(name)
    starts = [match.start() for match in _WORD.finditer(folded)]
    starts += [at + 1 for at, each in enumerate(folded[:-1]) if each in "-'’._" and folded[at + 1].isalnum()]
    return list(dict.fromkeys(folded[at : at + KEY_LENGTH] for at in sorted(starts)[:_KEYS]))


def _without_marks(text: str) -> str:
    kept: list[str] = []
    is_stripped = False
    for character in unicodedata.normalize("NFD", text):
        if unicodedata.category(character) == "Mn":
            if is_stripped:
                continue
        else:
            code = ord(character)
            is_stripped = any(code in block for block in c.STRIPPED_OF_MARKS)
        kept.append(character)
    return unicodedata.normalize("NFC", "".join(kept))
