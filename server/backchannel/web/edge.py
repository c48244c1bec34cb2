"""Middleware around everything that the chat serves besides Django's pages: runs before the routes, adds headers to every answer.

    Host accepted? ─▶ announced body too large? ─▶ WebSocket or HTTP, as the URL requires ─▶ the application ─▶ headers

Django's middleware does the same for its pages; of those only the body passes here, for `BodyLimit` to count.

In another Django site, it gets the requests below the chat's prefix alone.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable
from functools import lru_cache, partial
from typing import Final

from django.conf import settings
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backchannel.accounts.hosts import check_host
from backchannel.protocol.errors import CommandError
from backchannel.transports.http.bodies import (
    SYNC_BODY_BYTES,
    UPLOAD_BODY_BYTES,
    BodyTooLarge,
    check_announced,
    refuse_body,
)
from backchannel.transports.http.requests import path_of
from backchannel.transports.http.routes import Api
from backchannel.transports.node import Node
from backchannel.transports.problems import NOSNIFF, problem
from backchannel.transports.websocket.endpoint import elsewhere, without_upgrade
from backchannel.web.cors import OF_API, Cors
from backchannel.web.refusals import send_with_refusals

_OURS: Final = re.compile(r"/(?:api/|files/|static/|(?:ws|healthz|readyz|metrics)\Z)")
"""The chat's own addresses in the standalone server."""
_UPLOADS: Final = "/api/uploads/"
_HEALTH: Final = frozenset({"/healthz", "/readyz", "/metrics"})
"""Probed by machines that know an address but no name, and that learn nothing secret there: any well-formed Host is accepted."""
_NAMES_AT_MOST: Final = 1024
"""Lists of names for which it is remembered which headers an answer with them lacks."""
_OPENER: Final = (b"cross-origin-opener-policy", b"same-origin")

Headers = list[tuple[bytes, bytes]]


def security_headers() -> Headers:
    """Headers of every answer. HSTS if the site's settings ask for it; browsers ignore it over plain HTTP."""
    headers = [NOSNIFF, (b"referrer-policy", b"same-origin")]
    seconds = settings.SECURE_HSTS_SECONDS
    if seconds:
        value = f"max-age={seconds}"
        value += "; includeSubDomains" if settings.SECURE_HSTS_INCLUDE_SUBDOMAINS else ""
        value += "; preload" if settings.SECURE_HSTS_PRELOAD else ""
        headers.append((b"strict-transport-security", value.encode()))
    return headers


class Edge:
    """`application` has the routes. `has_pages`: Django's pages are among them, with limits of their own; else every address is the
    chat's."""

    def __init__(
        self, application: ASGIApp, api: Api, node: Node, headers: Headers, cors: Cors, *, has_pages: bool
    ) -> None:
        self._application = application
        self._api = api
        self._without_upgrade: Final = partial(without_upgrade, node)
        self._cors = cors
        self._has_pages = has_pages
        self._missing = lru_cache(_NAMES_AT_MOST)(partial(_missing, headers))

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        path = path_of(scope)
        more = self._cors.headers_for(scope)
        send_with_refusals(scope, more)
        send = self.with_headers(send, more)
        if scope["type"] == "websocket":
            application = self._application if path == "/ws" else elsewhere
            return application(scope, receive, send)
        if self._has_pages and not _OURS.match(path):
            return self._application(with_one_cookie_line(scope), receive, send)
        return self._answer(path, scope)(scope, receive, send)

    def with_headers(self, send: Send, more: Headers) -> Send:
        """Add those headers that an answer does not set itself, and `more`."""

        def send_with(message: Message) -> Awaitable[None]:
            if message["type"] in _STARTS:
                headers = list(message.get("headers", ()))
                missing, content_type = self._missing(tuple([name for name, _ in headers]))
                if content_type is not None and headers[content_type][1].startswith(b"text/html"):
                    headers.append(_OPENER)
                message = {**message, "headers": headers + missing + more}
            return send(message)

        return send_with

    def _answer(self, path: str, scope: Scope) -> ASGIApp:
        try:
            check_host(scope, by_name=path not in _HEALTH)
            check_announced(scope, UPLOAD_BODY_BYTES if path.startswith(_UPLOADS) else SYNC_BODY_BYTES)
        except BodyTooLarge as error:
            return partial(_refuse_body, error)
        except CommandError as error:
            return problem(error)
        if path.startswith(OF_API):
            return self._cors.preflight(scope) or self._api
        return self._without_upgrade if path == "/ws" else self._application


def _missing(headers: Headers, given: tuple[bytes, ...]) -> tuple[Headers, int | None]:
    """The `headers` that an answer with headers of these names lacks; and where its Content-Type is, unless it has an opener policy."""
    at = {name.lower(): number for number, name in enumerate(given)}
    missing = [header for header in headers if header[0] not in at]
    return missing, None if _OPENER[0] in at else at.get(b"content-type")


async def _refuse_body(error: BodyTooLarge, _: Scope, receive: Receive, send: Send) -> None:
    await refuse_body(error, receive, send)


_STARTS: Final = frozenset({"http.response.start", "websocket.http.response.start"})


def with_one_cookie_line(scope: Scope) -> Scope:
    """Join several Cookie headers into one. HTTP/2 lets a browser split its cookies over several, and not every proxy joins them. Django
    would join them with a comma, which corrupts the cookies on both sides of it."""
    lines = [value for name, value in scope["headers"] if name == b"cookie"]
    if len(lines) < 2:
        return scope
    others = [header for header in scope["headers"] if header[0] != b"cookie"]
    return {**scope, "headers": [*others, (b"cookie", b"; ".join(lines))]}
