"""Whom a text addresses."""

import pytest

from backchannel.notifications.addressing import KEYWORDS, addressed_by, check_keywords, has_keyword, words_in
from backchannel.protocol.errors import CommandError


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        ("@room lunch?", {"room"}),
        ("lunch, @Here!", {"here"}),
        ("@here and @ROOM", {"room", "here"}),
        ("(@room)", {"room"}),
        ("@room.", {"room"}),
        ("mail me@room", set()),
        ("@@room", set()),
        ("@rooms", set()),
        ("@room.mate", set()),
        ("@room-42", set()),
        ("@room_", set()),
        ("`@room`", set()),
        ("``a ` @room``", set()),
        ("```\n@room\n```", set()),
        ("```\n@room", set()),
        ("~~~\n@here\n~~~\n@room", {"room"}),
        ("` @room", {"room"}),
        ("`a` @room `b`", {"room"}),
        ("``a` @room `b``", set()),
        ("``a`@room`", set()),
        ("```a``@room`` b", set()),
        ("`` @room `a`", {"room"}),
    ],
)
def test_a_text_addresses(content: str, wanted: set[str]) -> None:
    assert addressed_by(content, "member", 3) == wanted


@pytest.mark.parametrize(
    "ticks", ["`" * 1_000_000, " ".join("`" * length for length in range(1, 1400)), "`` ` " * 200_000]
)
def test_backticks_without_an_end_take_time_in_proportion_to_their_number(ticks: str) -> None:
    """With the square of it, this would take hours."""
    assert addressed_by(f"@room{ticks}", "owner", 3) == {"room"}


def test_in_a_large_room_only_its_owner_and_admins_address_everybody() -> None:
    assert addressed_by("@room", "member", 50) == {"room"}
    assert addressed_by("@room", "member", 51) == frozenset()
    assert addressed_by("@room", "admin", 51) == addressed_by("@room", "owner", 51) == {"room"}


@pytest.mark.parametrize(
    ("keyword", "text", "is_there"),
    [
        ("deploy", "We deploy now", True),
        ("deploy", "deployment", False),
        ("Café", "at the CAFE", True),
        ("release train", "the release, train and all", True),
        ("release train", "train release", False),
        ("release train", "release", False),
        ("障害", "本番で障害が発生", True),
        ("E_CONN", "see e_conn.", True),
    ],
)
def test_a_keyword_is_found_as_whole_words_however_they_are_written(keyword: str, text: str, is_there: bool) -> None:
    assert has_keyword(words_in(text), [words_in(keyword)]) is is_there


def test_a_keyword_that_is_nearly_there_everywhere_takes_no_longer() -> None:
    """With a comparison for each word of the text and of the keyword, it would take hours."""
    assert not has_keyword(words_in("a " * 1_000_000), [words_in("a " * 100_000 + "b")])


def test_keywords_are_stored_once_and_as_typed() -> None:
    assert check_keywords(["  Deploy ", "deploy", "release  train"]) == ["Deploy", "release train"]


@pytest.mark.parametrize("keywords", [["?!"], [""], ["a\x00b"], ["x" * 51], [f"w{n}" for n in range(KEYWORDS + 1)]])
def test_keywords_that_can_never_be_found_are_refused(keywords: list[str]) -> None:
    with pytest.raises(CommandError) as refused:
        check_keywords(keywords)
    assert list(refused.value.errors or {}) == ["keywords"]
