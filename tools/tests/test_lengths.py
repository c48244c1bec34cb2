"""Long files have to say why."""

from __future__ import annotations

import pytest

import lengths

LONG = "\n" * lengths.LINES


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("short\n", True),
        (LONG, True),
        (f"{LONG}\n", False),
        (f"Longer than 300 lines: it is one table.\n{LONG}", True),
        (f"{LONG}\nLonger than 300 lines: it is one table.", False),
    ],
)
def test_a_long_file_has_its_reason_in_its_head(text: str, passes: bool) -> None:
    assert lengths.says_why(text) is passes
