"""Which bytes are asked for."""

from __future__ import annotations

import pytest

from backchannel.transports.http.ranges import Unsatisfiable, is_unchanged, range_of

ETAG = '"abc"'


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("bytes=0-0", (0, 1)),
        ("bytes=0-", (0, 10)),
        ("bytes=3-5", (3, 6)),
        ("bytes=3-500", (3, 10)),
        ("bytes=9-9", (9, 10)),
        ("bytes=-3", (7, 10)),
        ("bytes=-500", (0, 10)),
        ("bytes= 1-2 ", (1, 3)),
        ("bytes=0-1,4-5", None),
        ("bytes=5-3", None),
        ("bytes=-", None),
        ("bytes=a-b", None),
        ("items=0-1", None),
        ("bytes=0-" + "9" * 30, None),
        ("bytes=١-٢", None),
        ("", None),
    ],
)
def test_one_range_is_served_and_everything_else_is_the_whole_file(asked: str, given: tuple[int, int] | None) -> None:
    assert range_of({b"range": asked.encode("utf-8")}, ETAG, 10) == given


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=10-20", "bytes=-0", "bytes=999999999999-"])
def test_a_range_past_the_end_is_refused(asked: str) -> None:
    with pytest.raises(Unsatisfiable):
        range_of({b"range": asked.encode()}, ETAG, 10)


def test_a_condition_on_another_version_gets_the_whole_file() -> None:
    asked = {b"range": b"bytes=0-1", b"if-range": b'"old"'}
    assert range_of(asked, ETAG, 10) is None
    assert range_of({**asked, b"if-range": ETAG.encode()}, ETAG, 10) == (0, 2)


@pytest.mark.parametrize(
    ("known", "unchanged"),
    [
        ('"abc"', True),
        ('W/"abc"', True),
        ('"x", "abc"', True),
        ("*", True),
        ('"x"', False),
        ("abc", False),
        ("", False),
    ],
)
def test_a_known_version_is_recognised(known: str, unchanged: bool) -> None:
    assert is_unchanged({b"if-none-match": known.encode()}, ETAG) == unchanged
