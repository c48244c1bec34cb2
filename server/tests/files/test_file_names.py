"""Names of files: nothing leads out of a folder or disguises an ending, and nothing that people write in names is lost."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backchannel.text_rules.file_names import NAME_BYTES, address_of, clean_file_name, with_ending


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("a.png", "a.png"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("/", "file"),
        ("", "file"),
        (".", "file"),
        ("..", "file"),
        ("...", "file"),
        (" . ", "file"),
        ("\x00\x01\r\n", "file"),
        ("a\r\nSet-Cookie: x.txt", "aSet-Cookie x.txt"),
        ("evil\u202egpj.exe", "evilgpj.exe"),
        ("\u2066a\u2069.txt", "a.txt"),
        ("a\u200b.txt", "a.txt"),
        ("name. . ", "name"),
        ("name.txt...", "name.txt"),
        (".htaccess", ".htaccess"),
        ("e\u0301.txt", "\u00e9.txt"),
        ("नमस्ते\u200d.pdf", "नमस्ते\u200d.pdf"),
        ("写真 2026.jpg", "写真 2026.jpg"),
        ("con", "_con"),
        ("NUL.txt", "_NUL.txt"),
        ("console.txt", "console.txt"),
        ("C:\\Users\\ada\\a.doc", "a.doc"),
        ('a"b<c>|?*.txt', "abc.txt"),
        ("a.tar.gz", "a.tar.gz"),
        ("\ud800a.txt", "a.txt"),
        ("%2e%2e%2fa", "%2e%2e%2fa"),
    ],
)
def test_a_name_is_cleaned(sent: str, kept: str) -> None:
    assert clean_file_name(sent) == kept


def test_a_long_name_keeps_its_ending() -> None:
    for name in ("x" * 300 + ".jpeg", "é" * 300 + ".jpeg", "写" * 2000 + ".jpeg"):
        kept = clean_file_name(name)
        assert kept.endswith(".jpeg")
        assert NAME_BYTES - 4 <= len(kept.encode()) <= NAME_BYTES
    assert len(clean_file_name("a." + "b" * 300).encode()) == NAME_BYTES


@given(st.text(max_size=600))
def test_a_cleaned_name_is_safe_and_stays_as_it_is(name: str) -> None:
    kept = clean_file_name(name)
    assert 0 < len(kept.encode()) <= NAME_BYTES
    assert not set(kept) & set('/\\\r\n\x00<>:"|?*\u202e')
    assert kept.strip(". ")
    assert clean_file_name(kept) == kept


def test_an_ending_is_replaced_where_there_is_one() -> None:
    assert with_ending("a.heic", ".webp") == "a.webp"
    assert with_ending("a", ".webp") == "a.webp"
    assert with_ending(".hidden", ".webp") == ".hidden.webp"
    assert with_ending("a. and a long sentence that is no ending at all", ".webp").endswith("at all.webp")


def test_an_address_holds_any_name() -> None:
    assert address_of(UUID(int=1), "a b/ü?#.txt").endswith("/a%20b%2F%C3%BC%3F%23.txt")
