"""All of `/api`, and what else programs ask for."""

from collections.abc import Callable
from functools import cache

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from backchannel.protocol import asyncapi, docs_page, openapi, times
from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.frames import TicketResponse
from backchannel.transports.http.commands import ALL_METHODS, command_routes, method_not_allowed
from backchannel.transports.http.requests import Endpoint, authenticated, json_answer
from backchannel.transports.http.sync import sync
from backchannel.transports.identity import Identity
from backchannel.transports.node import Node
from backchannel.transports.problems import problem


def api_routes(node: Node) -> list[Route | Mount]:
    async def answer_sync(request: Request, identity: Identity) -> Response:
        return await sync(request, identity, node)

    async def answer_ticket(_: Request, identity: Identity) -> Response:
        ticket, expires_us = await node.issue_ticket(identity)
        return json_answer(TicketResponse(ticket, times.to_wire(expires_us)))

    return [
        *command_routes(node),
        Route("/api/sync", _only("POST", authenticated(node, answer_sync)), methods=ALL_METHODS),
        Route("/api/auth/ticket", _only("POST", authenticated(node, answer_ticket)), methods=ALL_METHODS),
        Route("/api/openapi.json", _document(openapi.document)),
        Route("/api/asyncapi.json", _document(asyncapi.document)),
        Route("/api/docs", _docs),
        Route("/api/docs.css", _docs_style),
        Mount("/api", _nothing),
    ]


def _only(method: str, endpoint: Endpoint) -> Endpoint:
    async def guarded(request: Request) -> Response:
        return await endpoint(request) if request.method == method else method_not_allowed(request, [method])

    return guarded


def _document(make: Callable[[], object]) -> Endpoint:
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


async def not_found(_: Request, __: Exception) -> Response:
    """For addresses that no route takes at all: those with a line's end in them."""
    return _nothing_here()


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    await _nothing_here()(scope, receive, send)


def _nothing_here() -> Response:
    return problem(CommandError(Code.NOT_FOUND, "There is nothing at this address. /api/docs lists what there is."))
