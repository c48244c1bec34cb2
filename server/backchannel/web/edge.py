"""The edge of what the chat serves beside Django's pages: what comes before the routes, and what goes with every answer.

    Host answered? ─▶ body announced too large? ─▶ WebSocket or not, as the address has it ─▶ the application ─▶ headers

Django has the same in its middleware. Its pages pass here for the body alone, which `BodyLimit` counts.

In another Django site only the chat's own addresses come under this. Everything else is the site's, with its own limits.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
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
"""Of the standalone server."""
_HEALTH: Final = frozenset({"/healthz", "/readyz", "/metrics"})
"""Asked by machines that know an address and no name, and that learn nothing secret there: any well-formed Host will do."""
_OPENER: Final = (b"cross-origin-opener-policy", b"same-origin")

Headers = list[tuple[bytes, bytes]]


def security_headers() -> Headers:
    """Those of every answer. HSTS where the site's settings ask for it: it means nothing to a browser that came by plain HTTP."""
    headers = [NOSNIFF, (b"referrer-policy", b"same-origin")]
    seconds = settings.SECURE_HSTS_SECONDS
    if seconds:
        value = f"max-age={seconds}"
        value += "; includeSubDomains" if settings.SECURE_HSTS_INCLUDE_SUBDOMAINS else ""
        value += "; preload" if settings.SECURE_HSTS_PRELOAD else ""
        headers.append((b"strict-transport-security", value.encode()))
    return headers


class Edge:
    """`application` has the routes, Django's among them; `site`, the application of these, may have WebSockets of its own.
    `routes`: the chat's own beside the API, by which its addresses are distinguished from those of the site around it; None for the
    standalone server."""

    def __init__(
        self, application: ASGIApp, api: Api, site: ASGIApp, routes: Sequence[Route] | None, headers: Headers
    ) -> None:
        self._application = application
        self._api = api
        self._routes = routes
        self._site_has_sockets = not isinstance(site, ASGIHandler | DjangoTurns)
        self._site_is_standalone = isinstance(site, DjangoTurns)
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = path_of(scope)
        is_ours = self._is_ours(path)
        if is_ours or self._site_is_standalone:
            send = self.with_headers(send)
        if scope["type"] == "websocket":
            await self._open(path, is_ours)(scope, receive, send)
        elif is_ours:
            await self._answer(path, scope)(scope, receive, send)
        else:
            await self._application(with_one_cookie_line(scope), receive, send)

    def _is_ours(self, path: str) -> bool:
        if self._routes is None:
            return _OURS.match(path) is not None
        return path == "/ws" or self._api.has(path) or any(route.path_regex.match(path) for route in self._routes)

    def with_headers(self, send: Send) -> Send:
        """Adds those that an answer has not."""

        async def send_with(message: Message) -> None:
            if message["type"] in _STARTS:
                headers = list(message.get("headers", ()))
                given = {name.lower(): value for name, value in headers}
                headers += [header for header in self._headers if header[0] not in given]
                if _OPENER[0] not in given and given.get(b"content-type", b"").startswith(b"text/html"):
                    headers.append(_OPENER)
                message = {**message, "headers": headers}
            await send(message)

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
    """HTTP/2 lets a browser split its cookies over several lines, and not everything on the way puts them together again. Django would
    put a comma between them, as between any lines, and so lose the cookies on both sides of it."""
    lines = [value for name, value in scope["headers"] if name == b"cookie"]
    if len(lines) < 2:
        return scope
    others = [header for header in scope["headers"] if header[0] != b"cookie"]
    return {**scope, "headers": [*others, (b"cookie", b"; ".join(lines))]}
