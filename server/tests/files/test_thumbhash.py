"""The port agrees with the original, which made these hashes (npm thumbhash 0.1.1)."""

from __future__ import annotations

import pytest

from backchannel.files.thumbhash import thumbhash

GOLDEN = [
    (1, 1, False, "15002aff0108f708888788708f7088f80888707ff8000000"),
    (100, 100, False, "dff7050f007777856a77696667a625984fa587166f665f02"),
    (100, 40, False, "2008061b828295307a70747d8d60071e56"),
    (40, 100, False, "1ff805130266866534356f7a56fa58635f"),
    (64, 48, True, "2008821c8207a6521a24cf538c680cf51aa5246736693c4009"),
    (3, 77, True, "1e1886190c1787803798d777757f089777787588734707"),
    (100, 100, True, "df078205000876633f7556d5d04af3d9f93287067878788887"),
]


def pixels(width: int, height: int, translucent: bool) -> bytes:
    """As the program that asked the original for them."""
    return bytes(
        value
        for y in range(height)
        for x in range(width)
        for value in (
            (x * 7 + y * 3) % 256,
            (x * x + y * 11) % 256,
            (255 - x * 2 + y * 5) % 256,
            (x * 5 + y * 9) % 256 if translucent else 255,
        )
    )


@pytest.mark.parametrize(("width", "height", "translucent", "golden"), GOLDEN)
def test_the_hash_is_that_of_the_original(width: int, height: int, translucent: bool, golden: str) -> None:
    assert thumbhash(width, height, pixels(width, height, translucent)).hex() == golden


@pytest.mark.parametrize(("width", "height"), [(101, 1), (0, 1), (1, 0)])
def test_a_size_that_is_not_hashed_is_refused(width: int, height: int) -> None:
    with pytest.raises(ValueError, match="pixels"):
        thumbhash(width, height, b"")
