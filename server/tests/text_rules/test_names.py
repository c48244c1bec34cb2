"""Names, cleaned: what disguises them goes, what their script needs stays."""

import pytest

from backchannel.text_rules import clean_name, is_blank

BLANK = (
    "", " ", "\t\n\r\x0b\x0c", "\u00a0", "\u1680", "\u2000\u200a", "\u2028\u2029", "\u202f\u205f\u3000", "\u0085", "\u200b",
    "\u200c\u200d", "\u2060", "\ufeff", "\u00ad", "\u034f", "\u061c", "\u200e\u200f", "\u202a\u202e", "\u2066\u2069", "\u2800",
    "\u3164", "\uffa0", "\u115f\u1160", "\u17b4\u17b5", "\u180b\u180e", "\ufe0e\ufe0f", "\U000e0001\U000e0041\U000e007f",
    "\U000e0100", "\x01\x1b\x7f\x80", "\ufff9\ufffb", "\U0001d159", "\U0001d173", " \u200b\u2060 \u00ad",
    "\ufdd0\uffff\U0010fffe",
)  # fmt: skip


@pytest.mark.parametrize("text", BLANK, ids=ascii)
def test_invisible_text_is_blank(text: str) -> None:
    assert is_blank(text)
    assert clean_name(text) == ""


@pytest.mark.parametrize("text", ["a", ".", "\u200ba", "👍", "❤\ufe0f", "\u0627", "が", "…"], ids=ascii)
def test_visible_text_is_not_blank(text: str) -> None:
    assert not is_blank(text)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("Eve\u202e", "Eve"),
        ("\u202dEve\u202c", "Eve"),
        ("\u2067Eve\u2069", "Eve"),
        ("a\u200bd\u200ca\u200d", "ada"),
        ("a\u00add\u2060a\ufeff", "ada"),
        ("  Ada \t\n Lovelace\u3000", "Ada Lovelace"),
        ("Ada\u2028Lovelace", "Ada Lovelace"),
        ("Ada\x07\x1b[31m", "Ada[31m"),
        ("Ada\x00", "Ada"),
        ("O\u0308zlem", "Özlem"),
        ("\u0301Ada", "Ada"),
        (" \u0301\u0302Ada", "Ada"),
        ("\u20ddAda", "Ada"),
        ("\u0488\u20de", ""),
        ("\u0900\u0903क", "क"),
        ("Ada \u20dd", "Ada"),
        ("a\ufe0f\U000e0041b", "ab"),
        ("\ud800Ada", "Ada"),
        ("Ada\ufffe", "Ada"),
    ],
    ids=ascii,
)
def test_disguising_characters_are_removed(text: str, cleaned: str) -> None:
    assert clean_name(text) == cleaned


@pytest.mark.parametrize(
    "name",
    [
        "می\u200cخواهم",
        "क्\u200dष",
        "ක්\u200dරී",
        "👩\u200d💻 office",
        "❤\ufe0f team",
        "🏳\ufe0f\u200d🌈",
        "1\ufe0f\u20e3 first",
        "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
        "葛\U000e0100城",
        "ᠮᠣᠩᠭᠣᠯ\u180b",
        "שָׁלוֹם",
        "हिन्दी",
        "Jean-Luc O’Brien, 3rd",
    ],
    ids=ascii,
)
def test_invisible_characters_needed_by_a_script_or_emoji_are_kept(name: str) -> None:
    import unicodedata

    assert clean_name(name) == unicodedata.normalize("NFC", name)
    assert clean_name(clean_name(name)) == clean_name(name)
