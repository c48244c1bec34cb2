"""Frames with lone surrogates are distinguished from other invalid JSON, as another parser confirms."""

import json
import random

import pytest

from backchannel.protocol import codec

PIECES = (
    "a", "\\\\", "\\n", '\\"', "\\/", "\\u0041", "\\ud83d", "\\uD83D", "\\ude00", "\\uDE00", "\\ud83d\\ude00", "ud800", "\\\\ud800", "\\udbff",
    "\\udc00", "\\ud7ff", "\\ue000", "\u20ac",
)  # fmt: skip


def has_half_a_character(text: str) -> bool:
    """By Python's json, which keeps lone surrogates."""
    return any("\ud800" <= character <= "\udfff" for character in json.loads(text)["id"])


def refusal(text: str) -> codec.BadFrame | None:
    try:
        codec.decode_frame(text.encode())
    except codec.BadFrame as error:
        return error
    return None


@pytest.mark.parametrize("seed", range(4))
def test_lone_surrogates_are_found_wherever_another_parser_finds_them(seed: int) -> None:
    chance = random.Random(seed)
    found = 0
    for _ in range(2_000):
        text = '{"type":"ping","id":"' + "".join(chance.choices(PIECES, k=chance.randrange(1, 6))) + '"}'
        refused = refusal(text)
        assert (refused is not None and refused.is_text) == has_half_a_character(text), text
        found += refused is not None
    assert found > 500


def test_long_bodies_get_the_general_error() -> None:
    text = b'{"type":"ping","id":"\\ud800' + b"\\n" * 100_000 + b'"}'
    with pytest.raises(codec.BadFrame) as caught:
        codec.decode_frame(text)
    assert not caught.value.is_text
    assert "JSON" in str(caught.value)
