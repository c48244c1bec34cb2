"""Reading an HTTP request: who speaks, which command, bounded in size. Answering it."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from backchannel.protocol import codec
from backchannel.protocol.errors import Code, CommandError
from backchannel.transports.identity import Identity
from backchannel.transports.node import Node
from backchannel.transports.problems import problem

NO_STORE: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

_log = structlog.get_logger("backchannel.http")

Answering = Callable[[Request, Identity], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]


def authenticated(node: Node, answer: Answering) -> Endpoint:
    """An endpoint that knows who speaks, and whose errors are problem+json."""

    async def endpoint(request: Request) -> Response:
        try:
            return await answer(request, await node.authenticate(request.scope))
        except CommandError as error:
            return problem(error)
        except ClientDisconnect:
            return Response(status_code=499)
        except Exception:
            _log.exception("request_broke", method=request.method, path=request.url.path)
            return problem(
                CommandError(Code.INTERNAL, "Something broke on the server. It is in its log; trying again may help.")
            )

    return endpoint


def json_answer(result: Any, status: int = 200) -> Response:
    return Response(codec.encode(result), status, NO_STORE, "application/json")


async def read_body(request: Request, at_most: int) -> bytes:
    """The body, of a request that says it is JSON. Raises CommandError: 413 or 415."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > at_most:
            raise CommandError(Code.TOO_LARGE, f"A body holds {at_most} bytes at most.")
    if body:
        kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
        if kind != "application/json":
            raise CommandError(Code.UNSUPPORTED_MEDIA_TYPE, "Send JSON, and say so: Content-Type: application/json.")
    return bytes(body)
