"""Reading an HTTP request: who speaks, which command, bounded in size. Answering it. Bare ASGI: these are the requests that come
most, and a request object would cost more than what is done with it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backchannel.internal_error import internal_error
from backchannel.process_log import ProcessLog
from backchannel.protocol.errors import Code, CommandError
from backchannel.transports.http.bodies import BodyTooLarge, check_announced, refuse_body
from backchannel.transports.identity import Identity
from backchannel.transports.node import Node
from backchannel.transports.problems import NOSNIFF, problem

HEADERS: Final = (
    (b"content-type", b"application/json"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    NOSNIFF,
)

_log = ProcessLog("backchannel.http")

Answering = Callable[[Scope, Receive, Identity], Awaitable[tuple[int, bytes]]]
"""→ (status, JSON)"""


class ClientGone(Exception):
    """Nobody is left to be answered."""


def authenticated(node: Node, answer: Answering, at_most: int | None = None) -> ASGIApp:
    """An endpoint that knows who speaks, and whose errors are problem+json. `at_most`: bytes of a body; None: of a frame."""
    body_bytes = at_most or node.settings.limits.frame_bytes

    async def endpoint(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            check_announced(scope, body_bytes)
            status, body = await answer(scope, receive, await node.authenticate(scope))
        except BodyTooLarge as error:
            await refuse_body(error, receive, send)
            return
        except CommandError as error:
            await problem(error)(scope, receive, send)
            return
        except ClientGone:
            return
        except Exception as error:
            await problem(broken(error, scope["method"], scope["path"]))(scope, receive, send)
            return
        headers = [*HEADERS, (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return endpoint


def answering_errors(application: ASGIApp) -> ASGIApp:
    """An endpoint that sends its own answer, and whose errors before that are problem+json. An error afterwards cuts the connection:
    what has begun is not to be taken for a whole answer."""

    async def endpoint(scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = False

        def send_noting(message: Message) -> Awaitable[None]:
            nonlocal has_begun
            has_begun = True
            return send(message)

        try:
            await application(scope, receive, send_noting)
        except CommandError as error:
            if has_begun:
                raise
            await problem(error)(scope, receive, send)
        except ClientGone:
            return
        except Exception as error:
            if has_begun:
                raise
            await problem(broken(error, scope["method"], scope["path"]))(scope, receive, send)

    return endpoint


def broken(error: Exception, method: str, path: str) -> CommandError:
    """Log the exception, and return the error that the client is sent."""
    return internal_error(_log, "request_broke", error, method=method, path=path)


async def read_body(
    scope: Scope, receive: Receive, at_most: int, node: Node, identity: Identity
) -> tuple[bytes, Identity]:
    """The body, of a request that says it is JSON, and who sends it. Raises CommandError: 401, 403, 413 or 415; ClientGone.

    A body may take a minute after its head, and the credential may be revoked in that time, so it is checked again after the body.
    """
    body = b""
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk = message.get("body", b"")
        body = body + chunk if body else chunk
        if len(body) > at_most:
            raise BodyTooLarge(at_most, more=message.get("more_body", False))
        more = message.get("more_body", False)
    if body and not is_json(scope):
        raise CommandError(Code.UNSUPPORTED_MEDIA_TYPE, "Send JSON, with Content-Type: application/json.")
    return body, await node.authenticate(scope) if body else identity


def path_of(scope: Mapping[str, Any]) -> str:
    """The address, without the prefix at which the application is mounted."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path") or "")


def is_json(scope: Mapping[str, Any]) -> bool:
    for name, value in scope["headers"]:
        if name == b"content-type":
            return bool(value == b"application/json" or value.split(b";")[0].strip().lower() == b"application/json")
    return False
