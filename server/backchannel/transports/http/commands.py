"""Every declared command as a REST route: derived from the registry, none written by hand."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from starlette.convertors import StringConvertor, register_url_convertor
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from backchannel.commands.context import Caller
from backchannel.protocol import codec
from backchannel.protocol.commands import COMMANDS, Declaration
from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.shapes import User
from backchannel.transports import dispatch
from backchannel.transports.http.requests import Answering, authenticated, read_body
from backchannel.transports.identity import Identity
from backchannel.transports.node import Node
from backchannel.transports.problems import problem


def command_routes(node: Node) -> list[Route]:
    """One route for each path, which knows all methods of it (and tells the others 405)."""
    by_path: dict[str, dict[str, ASGIApp]] = {}
    for declaration in COMMANDS.values():
        if declaration.method is not None:
            by_path.setdefault(declaration.path, {})[declaration.method] = command_endpoint(node, declaration)
    return [Route(_route(path), ByMethod(endpoints)) for path, endpoints in by_path.items()]


def command_endpoint(node: Node, declaration: Declaration) -> ASGIApp:
    """What answers the command; the path's fields are in `scope["path_params"]`."""
    return authenticated(node, _answering(node, declaration))


def _route(path: str) -> str:
    """An emoji may come with a slash or a line's end, or empty: that is for the command to refuse, in the words it has for it."""
    return path.replace("{emoji}", "{emoji:anything}")


class _Anything(StringConvertor):
    regex = "(?s:.*)"


register_url_convertor("anything", _Anything())


class ByMethod:
    """An endpoint for each method of one address. Not a function, so that Starlette leaves the request to it."""

    def __init__(self, endpoints: dict[str, ASGIApp]) -> None:
        self._endpoints = endpoints

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        endpoint = self._endpoints.get(method)
        if endpoint is None:
            endpoint = _method_not_allowed(scope["method"], self._endpoints)
        await endpoint(scope, receive, send)


def _method_not_allowed(method: str, allowed: Iterable[str]) -> Response:
    response = problem(CommandError(Code.METHOD_NOT_ALLOWED, f"{method} is not for this address."))
    response.headers["Allow"] = ", ".join(sorted(allowed))
    return response


def _answering(node: Node, declaration: Declaration) -> Answering:
    async def answer(scope: Scope, receive: Receive, identity: Identity) -> tuple[int, bytes]:
        command = await _read_command(scope, receive, declaration, node.settings.limits.frame_bytes)
        caller = Caller(User(identity.user_id, identity.username, identity.display_name))
        answered = await dispatch.run(command, caller, node, "http")
        return 200 if answered.is_repeat else declaration.status, codec.encode(answered.result)

    return answer


async def _read_command(scope: Scope, receive: Receive, declaration: Declaration, at_most: int) -> Any:
    strings: dict[str, str] = dict(scope["path_params"])
    body = await read_body(scope, receive, at_most)
    fields: dict[str, Any] = {}
    if declaration.method in ("GET", "DELETE"):
        for name, value in parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True):
            if name in strings:
                raise CommandError(Code.INVALID, f"{name} is given twice.", errors={name: ["Is given twice."]})
            strings[name] = value
    elif body:
        fields = codec.decode_object(body)
    return codec.build_command(declaration.struct, fields, strings=strings)
