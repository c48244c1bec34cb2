"""The HTTP of the opening handshake (RFC 6455, section 4.2): the request, whether it may be accepted, and the response. Pure."""

import base64
import binascii
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote

import httptools

from backchannel.runner.head import Headers, Refused, bad

HEAD_ENDS: Final = b"\r\n\r\n"
_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


@dataclass(frozen=True, slots=True)
class Request:
    raw_path: bytes
    query: bytes
    headers: Headers
    key: bytes

    @property
    def path(self) -> str:
        return unquote(self.raw_path.decode("ascii"))

    @property
    def subprotocols(self) -> list[str]:
        return [each.decode("latin-1") for each in _tokens(self.headers, b"sec-websocket-protocol")]


def parse(head: bytes) -> Request:
    """`head`: the request up to and with its empty line. Raises `Refused` if RFC 6455 forbids accepting it."""
    first, *lines = head.removesuffix(HEAD_ENDS).split(b"\r\n")
    headers = []
    for line in lines:
        name, _, value = line.partition(b":")
        headers.append((name.lower(), value.strip()))
    method, _, rest = first.partition(b" ")
    try:
        url = httptools.parse_url(rest.rpartition(b" ")[0])
        raw_path = url.path or b"/"
        raw_path.decode("ascii")
    except (httptools.HttpParserInvalidURLError, UnicodeDecodeError):
        raise bad("The address cannot be parsed.") from None
    if method != b"GET" or len(_values(headers, b"host")) != 1:
        raise bad("A WebSocket is opened by GET, with one Host.")
    upgrades = {token.lower() for token in _tokens(headers, b"upgrade")}
    if b"websocket" not in upgrades or b"upgrade" not in {token.lower() for token in _tokens(headers, b"connection")}:
        raise _upgrade_required(
            "This is a WebSocket: send Connection: Upgrade and Upgrade: websocket.", b"upgrade: websocket"
        )
    if _values(headers, b"sec-websocket-version") != [b"13"]:
        raise _upgrade_required(
            "Send Sec-WebSocket-Version: 13, the only supported version.", b"sec-websocket-version: 13"
        )
    keys = _values(headers, b"sec-websocket-key")
    if len(keys) != 1 or not _is_key(keys[0]):
        raise bad("A Sec-WebSocket-Key is 16 bytes in base64, sent once.")
    return Request(raw_path, url.query or b"", headers, keys[0])


def accepted(request: Request, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The 101 response."""
    accept = base64.b64encode(hashlib.sha1(request.key + _GUID, usedforsecurity=False).digest())
    return _head(
        HTTPStatus.SWITCHING_PROTOCOLS,
        [(b"upgrade", b"websocket"), (b"connection", b"Upgrade"), (b"sec-websocket-accept", accept), *headers],
    )


def refused(status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> bytes:
    """A response after which the connection is closed."""
    kept = [(name, value) for name, value in headers if name.lower() not in (b"connection", b"content-length")]
    return _head(status, [*kept, (b"content-length", b"%d" % len(body)), (b"connection", b"close")]) + body


def _upgrade_required(detail: str, header: bytes) -> Refused:
    return Refused(HTTPStatus.UPGRADE_REQUIRED, "upgrade_required", detail, [header])


def _head(status: int, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    lines = [b"HTTP/1.1 %d %b" % (status, phrase.encode()), *(b"%b: %b" % header for header in headers)]
    return b"\r\n".join(lines) + HEAD_ENDS


def _values(headers: Headers, name: bytes) -> list[bytes]:
    return [value for each, value in headers if each == name]


def _tokens(headers: Headers, name: bytes) -> list[bytes]:
    return [token.strip() for value in _values(headers, name) for token in value.split(b",")]


def _is_key(key: bytes) -> bool:
    try:
        return len(base64.b64decode(key, validate=True)) == 16
    except binascii.Error:
        return False
