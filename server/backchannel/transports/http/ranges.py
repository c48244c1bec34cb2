"""Which bytes of a file a request asks for (RFC 9110, 13 and 14). Pure."""

import re
from collections.abc import Mapping
from typing import Final

_ONE: Final = re.compile(r"bytes=[ \t]*(\d{0,18})-(\d{0,18})[ \t]*", re.ASCII)


class Unsatisfiable(Exception):
    """None of the bytes that are asked for are there."""


def is_unchanged(headers: Mapping[bytes, bytes], etag: str) -> bool:
    """The client has this file already, so that 304 is the answer."""
    known = headers.get(b"if-none-match", b"").decode("latin-1")
    return known.strip() == "*" or any(each.strip().removeprefix("W/") == etag for each in known.split(","))


def range_of(headers: Mapping[bytes, bytes], etag: str, size: int) -> tuple[int, int] | None:
    """(first byte, byte after the last); None for the whole file. Several ranges at once, and what is no range of bytes, get the whole
    file, as the RFC allows. Raises Unsatisfiable."""
    condition = headers.get(b"if-range")
    if condition is not None and condition.decode("latin-1").strip() != etag:
        return None
    asked = _ONE.fullmatch(headers.get(b"range", b"").decode("latin-1"))
    if asked is None or asked[1] == asked[2] == "":
        return None
    if not asked[1]:
        length = min(int(asked[2]), size)
        if not length:
            raise Unsatisfiable
        return size - length, size
    first = int(asked[1])
    if asked[2] and int(asked[2]) < first:
        return None
    if first >= size:
        raise Unsatisfiable
    return first, min(int(asked[2]) + 1, size) if asked[2] else size
