"""All of `/api`, and `/files`."""

from collections.abc import Awaitable, Callable, Mapping
from functools import cache

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from backchannel.protocol import asyncapi, codec, docs_page, openapi, times
from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.frames import RequestSeen, SessionResponse, TicketResponse
from backchannel.transports.http.commands import command_endpoints
from backchannel.transports.http.file_endpoints import file_endpoints
from backchannel.transports.http.polls import Polls
from backchannel.transports.http.report_endpoint import report_endpoint
from backchannel.transports.http.requests import authenticated, broken, path_of
from backchannel.transports.http.router import Methods, Router
from backchannel.transports.http.sync_endpoint import sync_endpoint
from backchannel.transports.identity import Identity
from backchannel.transports.node import Node
from backchannel.transports.problems import problem


class Api:
    """An ASGI application: every address below `/api` and `/files`, and 404 for those that do not exist."""

    def __init__(self, node: Node, more: Mapping[str, Methods] | None = None) -> None:
        """`more`: addresses of parts that the transports do not know."""

        async def answer_ticket(_: Scope, __: Receive, identity: Identity) -> tuple[int, bytes]:
            node.rates.check_request(identity.user_id, node.context.clock())
            ticket, expires_us = await node.issue_ticket(identity)
            return 200, codec.encode(TicketResponse(ticket, times.to_wire(expires_us)))

        async def answer_session(_: Scope, __: Receive, identity: Identity) -> tuple[int, bytes]:
            node.rates.check_request(identity.user_id, node.context.clock())
            token, expires_us = await node.issue_chat_session(identity)
            return 200, codec.encode(SessionResponse(token, times.to_wire(expires_us)))

        commands = command_endpoints(node)
        for address, methods in file_endpoints(node).items():
            commands.setdefault(address, {}).update(methods)

        async def answer_request(scope: Scope, _: Receive, identity: Identity) -> tuple[int, bytes]:
            node.rates.check_request(identity.user_id, node.context.clock())
            host = next((value for name, value in scope["headers"] if name == b"host"), b"")
            client = scope.get("client")
            seen = RequestSeen(str(client[0]) if client else None, scope["scheme"], host.decode("latin-1"))
            return 200, codec.encode(seen)

        self._router = Router(
            {
                "/api/sync": {"POST": sync_endpoint(node, Polls(node))},
                **commands,
                "/api/report": {"POST": report_endpoint(node)},
                "/api/auth/session": {"POST": authenticated(node, answer_session)},
                "/api/auth/ticket": {"POST": authenticated(node, answer_ticket)},
                "/api/request": {"GET": authenticated(node, answer_request)},
                "/api/openapi.json": {"GET": _document(openapi.document)},
                "/api/asyncapi.json": {"GET": _document(asyncapi.document)},
                "/api/docs": {"GET": _docs},
                "/api/docs.css": {"GET": _docs_style},
                **(more or {}),
            }
        )

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        found = self._router.find(scope["method"], path_of(scope))
        if found is None:
            return _nothing_here()(scope, receive, send)
        endpoint, scope["path_params"] = found
        return endpoint(scope, receive, send)


def _document(make: Callable[[], object]) -> ASGIApp:
    @cache
    def body() -> bytes:
        return msgspec.json.encode(make())

    async def endpoint(scope: Scope, receive: Receive, send: Send) -> None:
        await Response(body(), media_type="application/json")(scope, receive, send)

    return endpoint


@cache
def _docs_html() -> str:
    return docs_page.html(openapi.document())


async def _docs(scope: Scope, receive: Receive, send: Send) -> None:
    policy = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'"
    response = HTMLResponse(_docs_html(), headers={"Content-Security-Policy": policy})
    await response(scope, receive, send)


async def _docs_style(scope: Scope, receive: Receive, send: Send) -> None:
    await Response(docs_page.STYLE, media_type="text/css")(scope, receive, send)


async def broke(request: Request, error: Exception) -> Response:
    """For what no endpoint caught."""
    return problem(broken(error, request.method, request.url.path))


async def not_found(_: Request, __: Exception) -> Response:
    """For addresses that no route takes at all: those with a line's end in them."""
    return _nothing_here()


def _nothing_here() -> Response:
    return problem(CommandError(Code.NOT_FOUND, "There is nothing at this address. /api/docs lists what there is."))
