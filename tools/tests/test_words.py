"""Banned words are found in names and in text, and CONTRIBUTING.md lists the same words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import words


@pytest.mark.parametrize(
    "line",
    [
        "Who is told of it.",
        "def test_a_client_is_told_of_it() -> None:",
        "self._told = []",
        "Whoever asks.",
        "await settle()",
    ],
)
def test_a_banned_word_is_found_in_text_and_in_names(line: str) -> None:
    assert [number for number, _ in words.findings(f"first\n{line}")] == [2]


@pytest.mark.parametrize("line", ["Promise.allSettled(all)", "a tolder name", "overheard", "tell", "hear"])
def test_parts_of_other_words_are_not_found(line: str) -> None:
    assert list(words.findings(line)) == []


def test_a_path_with_a_banned_word_fails_and_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert words.main(["tools/tests/test_words.py"]) == 1
    assert "tools/tests/test_words.py" in capsys.readouterr().out


def test_a_new_folder_is_checked_and_an_exempt_file_is_not() -> None:
    assert not words.is_exempt("server/new/feature.py")
    assert not words.is_exempt("tools/words.pyi")
    assert words.is_exempt("tools/words.py")


def test_a_missing_path_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert words.main(["no/such/folder"]) == 1
    assert "does not exist" in capsys.readouterr().out


def test_contributing_lists_the_banned_words() -> None:
    page = (Path(words.ROOT) / "CONTRIBUTING.md").read_text()
    listed = re.search(r"^Banned: (.+?)\.$", page, re.MULTILINE | re.DOTALL)
    assert listed is not None
    assert set(re.findall(r"\w+", listed[1])) == set(words.BANNED)
