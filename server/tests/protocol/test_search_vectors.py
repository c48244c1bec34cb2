"""The golden words, queries and matches of `protocol/vectors/search`. The client's tests read the same files."""

import json
from typing import Any
from uuid import UUID

import pytest

from backchannel.protocol.shapes import Attachment, Message, User
from backchannel.search import matching
from backchannel.search.letters import folded
from backchannel.search.matching import Names, match
from backchannel.search.query import parse
from backchannel.search.wanted import Piece, wanted_of
from backchannel.search.words import Word, words_of
from backchannel.text_rules import fold
from tests.protocol.vectors import FOLDER


def read(name: str) -> list[Any]:
    rows = json.loads((FOLDER / "search" / f"{name}.json").read_text(encoding="utf-8"))
    return [pytest.param(row, id=row["why"]) for row in rows]


def units(text: str, at: int) -> int:
    """The place of a code point in UTF-16 units."""
    return len(text[:at].encode("utf-16-le")) // 2


def message(content: str, *files: str) -> Message:
    ada = User(24, "ada", "Ada Lovelace")
    attachments = [
        Attachment(UUID(int=number), name, 1, "text/plain", f"/files/{number}") for number, name in enumerate(files)
    ]
    return Message(
        UUID(int=1), 7, 1, 1, ada, content, None, "2026-01-01T00:00:00Z", None, False, [], attachments, []
    )  # fmt: skip


@pytest.mark.parametrize("vector", read("words"))
def test_the_words_of_a_text(vector: Any) -> None:
    found = [
        {
            "text": word.text, "start": word.start, "end": word.end, "place": word.place,
            **({"mention": word.mention} if word.mention >= 0 else {}),
            **({"characters": list(word.characters)} if word.characters else {}),
            **({"middle": word.middle} if word.middle >= 0 else {}),
        }
        for word in words_of(vector["text"])
    ]  # fmt: skip
    assert found == vector["words"]


@pytest.mark.parametrize("vector", read("queries"))
def test_the_parts_of_a_query(vector: Any) -> None:
    query = vector["query"]
    found = [
        {
            "kind": part.kind, "text": part.text, "start": units(query, part.start), "end": units(query, part.end),
            **({"excluded": True} if part.excluded else {}), **({"name": part.name} if part.name else {}),
        }
        for part in parse(query)
    ]  # fmt: skip
    assert found == vector["parts"]


@pytest.mark.parametrize("vector", read("matches"))
def test_where_a_query_matches(vector: Any) -> None:
    found = match(wanted_of(vector["query"]), Names(), message(vector["content"]), "group")
    assert (found and [list(span) for span in found.ranges]) == vector["ranges"]


def test_file_names_are_words_of_their_message_without_places() -> None:
    sent = message("see the", "Release Notes.pdf", "plan.txt")
    for query, ranges in (("rel pdf", []), ('"release notes"', []), ("see rel", [(0, 3)]), ("has:file plan", [])):
        found = match(wanted_of(query), Names(), sent, "group")
        assert found is not None, query
        assert found.ranges == ranges
    for query in ('"the release"', '"pdf plan"', "has:image", "see -plan"):
        assert match(wanted_of(query), Names(), sent, "group") is None, query


def test_letters_are_folded_as_names_are() -> None:
    for code in range(0x20, 0x3000):
        letter = chr(code)
        if letter.isalnum():
            assert folded(letter).strip() == fold(letter), hex(code)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("a " * 8000, " ".join(f'"{" ".join("a" * length)}"' for length in range(2, 30))),
        ("abcdefghijklmnop " * 900, " ".join("abcdefghijklmnop"[:length] for length in range(3, 17))),
        ("版" * 5000, " ".join("版" * length for length in range(1, 40))),
    ],
)
def test_a_query_of_many_terms_looks_at_few_words(monkeypatch: pytest.MonkeyPatch, text: str, query: str) -> None:
    looks = 0

    def counted(piece: Piece, word: Word, place: int) -> bool:
        nonlocal looks
        looks += 1
        return fits(piece, word, place)

    fits = matching._fits
    monkeypatch.setattr(matching, "_fits", counted)
    wanted = wanted_of(query)
    assert match(wanted, Names(), message(text), "group") is not None
    assert looks <= matching.PLACES * sum(len(term.pieces) for term in wanted.terms)


def test_a_text_without_an_end_of_a_url_takes_no_time_to_speak_of() -> None:
    """Each of these made an obvious regular expression look at the text once for each of its characters."""
    for text in (
        "a" * 16_000 + "://",
        "://" * 5_000,
        "a://@" * 3_000,
        "http://" + "a" * 16_000,
        '"' * 16_000,
        "-" * 1_000,
    ):
        assert len(words_of(text)) <= 6_000
        parse(text)
