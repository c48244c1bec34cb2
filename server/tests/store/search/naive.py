"""Search without an index and without the code under test: every rule of SPEC.md said once more, slowly."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

FILTERS = {"from", "in", "before", "after", "on", "has", "is"}
CJK = ("CJK UNIFIED", "CJK COMPATIBILITY IDEOGRAPH", "HIRAGANA", "KATAKANA", "HANGUL", "IDEOGRAPHIC", "COUNTING ROD")
STRIPPED = ("LATIN", "GREEK", "CYRILLIC", "HEBREW", "ARABIC")
INVISIBLE = "\u00ad\u200b\u200c\u200d\u2060\ufeff\ufe0f\ufe0e"


@dataclass
class Note:
    """What the reference knows of a message."""

    id: str
    content: str
    at_us: int
    room: int
    seq: int
    sender: set[str]
    """Names that `from:` finds."""
    rooms: set[str] = field(default_factory=set)
    """Names that `in:` finds."""
    is_dm: bool = False
    is_pinned: bool = False
    is_reply: bool = False
    """In a thread."""
    files: list[tuple[str, str]] = field(default_factory=list)
    """Names and types."""


def fold(text: str) -> str:
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    text = "".join(each for each in text if each not in INVISIBLE)
    kept, letter = "", ""
    for each in unicodedata.normalize("NFD", text):
        if unicodedata.category(each) == "Mn" and letter.startswith(STRIPPED):
            continue
        if unicodedata.category(each) != "Mn":
            letter = unicodedata.name(each, "")
        kept += each
    return unicodedata.normalize("NFC", kept)


def plain_urls(text: str) -> str:
    def shorten(match: re.Match[str]) -> str:
        address = re.split(r"[?#]", match[2])[0]
        host, slash, path = address.partition("/")
        return " " + re.sub(r":\d*$", "", host.rpartition("@")[2]) + slash + path + " "

    return re.sub(r"([a-z][a-z0-9+.-]*)://([^\s<>\"`)]*)", shorten, text)


def pieces(text: str) -> list[str]:
    """Words, runs of a script without spaces (marked by a leading ^), and mentions (marked by a leading @)."""
    text = plain_urls(fold(text))
    found, kind, before = [""], "", ""
    for at, each in enumerate(text):
        category = unicodedata.category(each)[0]
        is_cjk = category in "LN" and (unicodedata.name(each, "").startswith(CJK) or each == "ー")
        now = "cjk" if is_cjk else "word" if category in "LN" else kind if category == "M" and kind else ""
        if now != kind:
            found.append("^" if now == "cjk" else "")
            before = text[at - 2] if at > 1 else " "
            if now == "word" and at and text[at - 1] == "@" and unicodedata.category(before)[0] not in "LNM":
                found[-1] = "@"
        if now:
            found[-1] += each
        kind = now
    return [each for each in found if each.strip("^@")]


def letters(run: str) -> list[str]:
    made: list[str] = []
    for each in run:
        if made and unicodedata.category(each)[0] == "M":
            made[-1] += each
        else:
            made.append(each)
    return made


def holds(typed: str, is_phrase: bool, text: list[str]) -> bool:
    """Has the text all that was typed?"""
    wanted = pieces(typed)
    if is_phrase and not (len(wanted) == 1 and wanted[0][0] == "^" and len(letters(wanted[0][1:])) == 1):
        return holds_phrase(wanted, text)
    return all(holds_piece(each, text) for each in wanted)


def holds_piece(wanted: str, text: list[str]) -> bool:
    if wanted[0] == "^":
        return any(each[0] == "^" and wanted[1:] in each[1:] for each in text)
    names = [each for each in text if each[0] != "^"]
    if wanted[0] != "@":
        names = [each.lstrip("@") for each in names]
    return any(each == wanted or (len(wanted) >= 3 and each.startswith(wanted)) for each in names)


def holds_phrase(wanted: list[str], text: list[str]) -> bool:
    def flat(parts: list[str]) -> list[str]:
        made: list[str] = []
        for each in parts:
            if each[0] != "^":
                made.append(each)
                continue
            run = letters(each[1:])
            made += ["^" + a + b for a, b in itertools.pairwise(run)] or ["^" + run[0]]
        return made

    asked, given = flat(wanted), flat(text)
    return any(
        all(one == other or ("@" + one) == other for one, other in zip(asked, given[at:], strict=False))
        for at in range(len(given) - len(asked) + 1)
    )


def split(query: str) -> list[tuple[bool, bool, str, str]]:
    """(excluded, phrase, filter name, text)"""
    parts, at = [], 0
    while at < len(query):
        if query[at].isspace():
            at += 1
            continue
        minus = query[at] == "-" and at + 1 < len(query) and not query[at + 1].isspace()
        at += minus
        if query[at] == '"':
            end = query.find('"', at + 1)
            end = len(query) if end < 0 else end
            parts.append((minus, True, "", query[at + 1 : end]))
            at = end + 1
            continue
        end = at
        while end < len(query) and not query[end].isspace() and query[end] != '"':
            end += 1
        word = query[at:end]
        name, colon, value = word.partition(":")
        known = fold(name) in FILTERS and bool(colon) and not minus
        if known and value:
            parts.append((False, False, fold(name), fold(value)))
        elif known and query[end : end + 1] == '"' and query[end + 1 :].split('"', maxsplit=1)[0].strip():
            quoted = query[end + 1 :].split('"', maxsplit=1)[0]
            parts.append((False, False, fold(name), fold(quoted.strip())))
            end += len(quoted) + 2
        else:
            parts.append((minus, False, "", word))
        at = end
    return parts


def passes(name: str, value: str, note: Note) -> bool:
    if name == "from":
        return value.removeprefix("@") in note.sender
    if name == "in":
        return value.removeprefix("#") in note.rooms
    if name == "has":
        if value == "image":
            return any(kind.startswith("image/") for _, kind in note.files)
        if value == "file":
            return bool(note.files)
        return value == "link" and bool(re.search(r"https?://[^\s/]", note.content, re.IGNORECASE))
    if name == "is":
        return (
            (value == "dm" and note.is_dm)
            or (value == "pinned" and note.is_pinned)
            or (value == "thread" and note.is_reply)
        )
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
        return False
    import datetime

    try:
        asked = datetime.date.fromisoformat(value)
    except ValueError:
        return False
    day = datetime.datetime.fromtimestamp(note.at_us // 1_000_000, datetime.UTC).date()
    return {"before": day < asked, "after": day > asked, "on": day == asked}[name]


def search(query: str, notes: Iterable[Note]) -> list[str]:
    """Ids, newest first."""
    texts: list[tuple[bool, str]] = []
    excluded: list[tuple[bool, str]] = []
    filters: dict[str, list[str]] = {}
    for minus, is_phrase, name, text in split(query):
        if name:
            filters.setdefault(name, []).append(text)
        elif pieces(text):
            (excluded if minus else texts).append((is_phrase, text))
    if not (texts or excluded or filters):
        return []
    found = []
    for note in notes:
        words = pieces(note.content)
        for name, _ in note.files:
            words += ["\0", *pieces(name)]  # no phrase reaches from one into the next
        if (
            all(any(passes(name, value, note) for value in values) for name, values in filters.items())
            and all(holds(text, is_phrase, words) for is_phrase, text in texts)
            and not any(holds(text, is_phrase, words) for is_phrase, text in excluded)
        ):
            found.append(note)
    return [note.id for note in sorted(found, key=lambda note: (note.at_us, note.room, note.seq), reverse=True)]
