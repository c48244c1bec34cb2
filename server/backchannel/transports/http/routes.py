"""All of `/api`, and what else programs ask for."""

import re
from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from backchannel.protocol import asyncapi, codec, docs_page, openapi, times
from backchannel.protocol.commands import COMMANDS
from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.frames import TicketResponse
from backchannel.transports.http.commands import ByMethod, command_endpoint, command_routes
from backchannel.transports.http.direct import DirectSync
from backchannel.transports.http.exchange import Direct
from backchannel.transports.http.requests import authenticated, broken
from backchannel.transports.http.sync import Polls
from backchannel.transports.http.sync_endpoint import sync_endpoint
from backchannel.transports.identity import Identity
from backchannel.transports.node import Node
from backchannel.transports.problems import problem


class Api:
    """`routes` are the addresses of `/api` that exist, `rest` answers 404 for all others; `shortcut` lets the two requests that come
    most pass the router by, and `direct` most polls even ASGI."""

    def __init__(self, node: Node, headers: Sequence[tuple[bytes, bytes]]) -> None:
        """`headers`: of every answer that is not given by ASGI."""
        polls = Polls(node)
        self.direct: Direct = DirectSync(node, polls, headers)
        self._sync = sync_endpoint(node, polls)
        self._send = command_endpoint(node, COMMANDS["send_message"])

        async def answer_ticket(_: Scope, __: Receive, identity: Identity) -> tuple[int, bytes]:
            ticket, expires_us = await node.issue_ticket(identity)
            return 200, codec.encode(TicketResponse(ticket, times.to_wire(expires_us)))

        self.routes: list[Route] = [
            *command_routes(node),
            Route("/api/sync", ByMethod({"POST": self._sync})),
            Route("/api/auth/ticket", ByMethod({"POST": authenticated(node, answer_ticket)})),
            Route("/api/openapi.json", _document(openapi.document)),
            Route("/api/asyncapi.json", _document(asyncapi.document)),
            Route("/api/docs", _docs),
            Route("/api/docs.css", _docs_style),
        ]
        self.rest = Mount("/api", _nothing)

    def shortcut(self, scope: Scope) -> ASGIApp | None:
        """The endpoint the router would come to, for a poll and for a message; None for everything else."""
        if scope["type"] != "http" or scope["method"] != "POST" or scope.get("root_path"):
            return None
        path = scope["path"]
        if path == "/api/sync":
            return self._sync
        found = _MESSAGES.fullmatch(path)
        if found is None:
            return None
        scope["path_params"] = {"room_id": found[1]}
        return self._send


_MESSAGES: Final = re.compile("/api/rooms/([0-9]+)/messages", re.ASCII)


def _document(make: Callable[[], object]) -> Callable[[Request], Awaitable[Response]]:
    @cache
    def body() -> bytes:
        return msgspec.json.encode(make())

    async def endpoint(_: Request) -> Response:
        return Response(body(), media_type="application/json")

    return endpoint


@cache
def _docs_html() -> str:
    return docs_page.html(openapi.document())


async def _docs(_: Request) -> Response:
    policy = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'"
    return HTMLResponse(_docs_html(), headers={"Content-Security-Policy": policy})


async def _docs_style(_: Request) -> Response:
    return Response(docs_page.STYLE, media_type="text/css")


async def broke(request: Request, error: Exception) -> Response:
    """For what no endpoint caught."""
    return problem(broken(error, request.method, request.url.path))


async def not_found(_: Request, __: Exception) -> Response:
    """For addresses that no route takes at all: those with a line's end in them."""
    return _nothing_here()


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    await _nothing_here()(scope, receive, send)


def _nothing_here() -> Response:
    return problem(CommandError(Code.NOT_FOUND, "There is nothing at this address. /api/docs lists what there is."))
