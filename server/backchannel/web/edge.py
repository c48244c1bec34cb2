"""Middleware around everything that the chat serves besides Django's pages: runs before the routes, adds headers to every answer.

    Host accepted? ─▶ announced body too large? ─▶ WebSocket or HTTP, as the URL requires ─▶ the application ─▶ headers

Django's middleware does the same for its pages; of those only the body passes here, for `BodyLimit` to count.

In another Django site, this covers only the chat's own URLs. Everything else belongs to the site, with the site's limits.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Sequence
from functools import partial
from typing import Final

from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backchannel.accounts.hosts import check_host
from backchannel.protocol.errors import CommandError
from backchannel.transports.http.bodies import SYNC_BODY_BYTES, BodyTooLarge, check_announced, refuse_body
from backchannel.transports.http.requests import path_of
from backchannel.transports.http.routes import Api
from backchannel.transports.problems import NOSNIFF, problem
from backchannel.transports.websocket.endpoint import elsewhere, without_upgrade
from backchannel.web.django_turns import DjangoTurns

_OURS: Final = re.compile(r"/(?:api/|static/|(?:ws|healthz|readyz|metrics)\Z)")
"""Limits of the standalone server."""
_HEALTH: Final = frozenset({"/healthz", "/readyz", "/metrics"})
"""Probed by machines that know an address but no name, and that learn nothing secret there: any well-formed Host is accepted."""
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
    """`application` has the routes, Django's among them. `site`, the application of these routes, may have WebSockets of its own.
    `routes`: the chat's own besides the API, by which its URLs are distinguished from the surrounding site's; None for the standalone
    server."""

    def __init__(
        self, application: ASGIApp, api: Api, site: ASGIApp, routes: Sequence[Route] | None, headers: Headers
    ) -> None:
        self._application = application
        self._api = api
        self._routes = routes
        self._site_has_sockets = not isinstance(site, ASGIHandler | DjangoTurns)
        self._site_is_standalone = isinstance(site, DjangoTurns)
        self._headers = headers

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        path = path_of(scope)
        is_ours = self._is_ours(path)
        if is_ours or self._site_is_standalone:
            send = self.with_headers(send)
        if scope["type"] == "websocket":
            return self._open(path, is_ours)(scope, receive, send)
        if is_ours:
            return self._answer(path, scope)(scope, receive, send)
        return self._application(with_one_cookie_line(scope), receive, send)

    def _is_ours(self, path: str) -> bool:
        if self._routes is None:
            return _OURS.match(path) is not None
        return path == "/ws" or self._api.has(path) or any(route.path_regex.match(path) for route in self._routes)

    def with_headers(self, send: Send) -> Send:
        """Add those headers that an answer does not set itself."""

        def send_with(message: Message) -> Awaitable[None]:
            if message["type"] in _STARTS:
                headers = list(message.get("headers", ()))
                given = {name.lower(): value for name, value in headers}
                headers += [header for header in self._headers if header[0] not in given]
                if _OPENER[0] not in given and given.get(b"content-type", b"").startswith(b"text/html"):
                    headers.append(_OPENER)
                message = {**message, "headers": headers}
            return send(message)

        return send_with

    def _open(self, path: str, is_ours: bool) -> ASGIApp:
        return self._application if path == "/ws" or (self._site_has_sockets and not is_ours) else elsewhere

    def _answer(self, path: str, scope: Scope) -> ASGIApp:
        try:
            check_host(scope, by_name=path not in _HEALTH)
            check_announced(scope, SYNC_BODY_BYTES)
        except BodyTooLarge as error:
            return partial(_refuse_body, error)
        except CommandError as error:
            return problem(error)
        if path.startswith("/api/"):
            return self._api
        return without_upgrade if path == "/ws" else self._application


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
