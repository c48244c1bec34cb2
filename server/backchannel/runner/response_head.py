"""Writes the head of a response, and finds in it what decides how the body is sent. Pure.

Applications send the same names of headers again and again: what they come to is remembered. Values, which may be secrets, are not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

_NAME: Final = re.compile(rb'[^\x00-\x20\x7f()<>@,;:\[\]={}\\"]+')
_TEXT: Final = bytes(code for code in range(256) if code in b"\t" or 0x20 <= code != 0x7F)
"""The characters allowed in a value."""
_SHAPES: Final = 1024


class Shape(NamedTuple):
    """Where the headers that decide are; None where there is no such header."""

    length: int | None
    coding: int | None
    connection: int | None


def lines_of(headers: Sequence[tuple[bytes, bytes]]) -> tuple[bytes, Shape]:
    """The headers as they are sent. Raises RuntimeError where one would not be a well-formed header, or would be two."""
    shape = _shape_of(tuple([name for name, _ in headers]))
    lines = b"".join([b"%b: %b\r\n" % header for header in headers])
    if lines.translate(None, _TEXT) != b"\r\n" * len(headers):
        raise RuntimeError("Invalid HTTP header value.")
    return lines, shape


@lru_cache(_SHAPES)
def _shape_of(names: tuple[bytes, ...]) -> Shape:
    if not all(map(_NAME.fullmatch, names)):
        raise RuntimeError("Invalid HTTP header name.")
    at = {name.lower(): number for number, name in enumerate(names)}
    return Shape(at.get(b"content-length"), at.get(b"transfer-encoding"), at.get(b"connection"))
