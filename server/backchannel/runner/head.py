"""Checks the head of a request after llhttp has parsed it: what is refused, and what its Upgrade offers. Pure.

The checks are those that RFC 9112 asks of a server beyond parsing, and a little more: everything that two parsers on the way could
read differently is refused, because that is how one person's request becomes part of another's (request smuggling).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from enum import Enum
from http import HTTPStatus
from typing import Final

Header = tuple[bytes, bytes]
Headers = list[Header]

HEAD_BYTES: Final = 64 * 1024
HEADERS_AT_MOST: Final = 200

_HOST: Final = re.compile(rb"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?")
_ABSOLUTE: Final = re.compile(rb"https?://([^/?#]*)(?:[/?][^#]*)?", re.IGNORECASE)
_OF_OTHER_PROTOCOLS: Final = frozenset(
    b"CONNECT PRI SOURCE DESCRIBE ANNOUNCE SETUP PLAY PAUSE TEARDOWN GET_PARAMETER SET_PARAMETER REDIRECT RECORD FLUSH".split()
)


class Refused(Exception):
    """The request is answered with `status` without reaching the application, and the connection is closed."""

    def __init__(self, status: HTTPStatus, code: str, detail: str, headers: Iterable[bytes] = ()) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = tuple(headers)

    def response(self, defaults: Headers) -> bytes:
        """The whole response, as application/problem+json. `defaults`: headers of every response of this server."""
        phrase = self.status.phrase
        body = json.dumps(
            {
                "type": "about:blank",
                "title": self.code.replace("_", " "),
                "code": self.code,
                "status": self.status.value,
                "detail": self.detail,
            }
        ).encode()
        lines = [
            b"HTTP/1.1 %d %b" % (self.status, phrase.encode()),
            b"content-type: application/problem+json",
            b"cache-control: no-store",
            b"x-content-type-options: nosniff",
            *(b"%b: %b" % header for header in defaults),
            *self.headers,
            b"content-length: %d" % len(body),
            b"connection: close",
        ]
        return b"\r\n".join(lines) + b"\r\n\r\n" + body


class Offer(Enum):
    NONE = "none"
    IGNORED = "ignored"
    """An unsupported protocol: the request is answered as if it had no Upgrade (RFC 9110, 7.8)."""
    WEBSOCKET = "websocket"


def bad(detail: str) -> Refused:
    return Refused(HTTPStatus.BAD_REQUEST, "bad_frame", detail)


def too_large() -> Refused:
    return Refused(
        HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
        "too_large",
        f"The headers of a request may have {HEAD_BYTES} bytes and {HEADERS_AT_MOST} lines.",
    )


def check(method: bytes, version: str, target: bytes, headers: Sequence[Header]) -> Offer:
    """The protocol that the request offers to switch to. Raises `Refused`. Header names are in lower case, values stripped."""
    if version not in ("1.1", "1.0"):
        raise Refused(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "bad_frame", "This server supports HTTP/1.1 and HTTP/1.0.")
    if method in _OF_OTHER_PROTOCOLS:
        raise Refused(HTTPStatus.NOT_IMPLEMENTED, "bad_frame", f"{method.decode()} is not supported by this server.")
    if len(headers) > HEADERS_AT_MOST:
        raise too_large()
    hosts, upgrades, connections, codings = [], [], [], []
    has_body = False
    size = len(target)
    for name, value in headers:
        size += len(name) + len(value)
        if name == b"host":
            hosts.append(value)
        elif name == b"content-length":
            has_body = value.strip(b"0") != b""
        elif name == b"transfer-encoding":
            codings.append(value)
        elif name == b"upgrade":
            upgrades.append(value)
        elif name == b"connection":
            connections.append(value)
    if size > HEAD_BYTES:
        raise too_large()
    _check_host(version, target, hosts)
    if codings:
        if version == "1.0" or len(codings) > 1 or codings[0].lower() != b"chunked":
            raise bad("A body needs a Content-Length or, in HTTP/1.1, Transfer-Encoding: chunked.")
        has_body = True
    if not upgrades or b"upgrade" not in _tokens(connections):
        return Offer.NONE
    if version == "1.0" or method != b"GET" or b"websocket" not in _tokens(upgrades):
        return Offer.IGNORED
    if has_body:
        raise bad("A request that opens a WebSocket must not have a body.")
    return Offer.WEBSOCKET


def written(method: bytes, version: str, target: bytes, headers: Headers) -> bytes:
    """The head as bytes."""
    lines = [b"%b %b HTTP/%b" % (method, target, version.encode()), *(b"%b: %b" % header for header in headers)]
    return b"\r\n".join((*lines, b"", b""))


def without_offer(headers: Headers) -> Headers:
    """The headers without the Upgrade and what announces it."""
    kept = []
    for name, value in headers:
        if name == b"connection":
            tokens = (token.strip() for token in value.split(b","))
            value = b", ".join(token for token in tokens if token.lower() != b"upgrade")
        if name != b"upgrade":
            kept.append((name, value))
    return kept


def _check_host(version: str, target: bytes, hosts: list[bytes]) -> None:
    if len(hosts) != 1 and (hosts or version == "1.1"):
        raise bad("A request needs exactly one Host header.")
    if hosts:
        host = _HOST.fullmatch(hosts[0])
        if host is None or int(host[1] or 0) > 65535:
            raise bad("The Host header is not a host name with an optional port.")
    if target.startswith(b"/"):
        if b"#" in target:
            raise bad("The address of a request must not have a fragment (#).")
        return
    absolute = _ABSOLUTE.fullmatch(target)
    if absolute is None or not hosts or absolute[1].lower() != hosts[0].lower():
        raise bad("The address of a request must be a path, or begin with the scheme and the Host of the request.")


def _tokens(values: list[bytes]) -> set[bytes]:
    return {token.strip().lower() for value in values for token in value.split(b",")}
