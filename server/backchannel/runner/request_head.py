"""Checks the head of a request and parses its address. The result depends on nothing else and may be cached."""

from __future__ import annotations

import urllib.parse
from collections.abc import Sequence
from typing import NamedTuple

import httptools

from backchannel.runner.head import Header, Offer, bad, check


class Head(NamedTuple):
    """The result of checking a request's head."""

    offer: Offer
    path: str
    """Percent-decoded, without the query."""
    raw_path: bytes
    query: bytes


def read(method: bytes, version: str, target: bytes, headers: Sequence[Header]) -> Head:
    """Check a head, and take its address apart. Raises `Refused`. Header names are in lower case, values stripped."""
    offer = check(method, version, target, headers)
    try:
        url = httptools.parse_url(target)
    except httptools.HttpParserInvalidURLError:
        raise bad("The address of the request cannot be parsed.") from None
    raw_path = url.path or b"/"
    path = raw_path.decode("ascii")
    return Head(offer, urllib.parse.unquote(path) if "%" in path else path, raw_path, url.query or b"")
