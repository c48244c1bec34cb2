"""Every declared command as a REST route: derived from the registry, none written by hand."""

from collections.abc import Iterable
from typing import Any

from starlette.convertors import StringConvertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from backchannel.commands.context import Caller
from backchannel.protocol import codec
from backchannel.protocol.commands import COMMANDS, Declaration
from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.shapes import User
from backchannel.transports import dispatch
from backchannel.transports.http.requests import Endpoint, authenticated, json_answer, read_body
from backchannel.transports.identity import Identity
from backchannel.transports.node import Node
from backchannel.transports.problems import problem


def command_routes(node: Node) -> list[Route]:
    """One route for each path, which knows all methods of it (and tells the others 405)."""
    by_path: dict[str, dict[str, Declaration]] = {}
    for declaration in COMMANDS.values():
        if declaration.method is not None:
            by_path.setdefault(declaration.path, {})[declaration.method] = declaration
    return [Route(_route(path), _by_method(node, methods), methods=ALL_METHODS) for path, methods in by_path.items()]


def _route(path: str) -> str:
    """An emoji may come with a slash or a line's end, or empty: that is for the command to refuse, in the words it has for it."""
    return path.replace("{emoji}", "{emoji:anything}")


class _Anything(StringConvertor):
    regex = "(?s:.*)"


register_url_convertor("anything", _Anything())


ALL_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]


def _by_method(node: Node, declarations: dict[str, Declaration]) -> Endpoint:
    endpoints = {
        method: authenticated(node, _answering(node, declaration)) for method, declaration in declarations.items()
    }

    async def endpoint(request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        chosen = endpoints.get(method)
        if chosen is None:
            return method_not_allowed(request, endpoints)
        return await chosen(request)

    return endpoint


def method_not_allowed(request: Request, allowed: Iterable[str]) -> Response:
    response = problem(CommandError(Code.METHOD_NOT_ALLOWED, f"{request.method} is not for this address."))
    response.headers["Allow"] = ", ".join(sorted(allowed))
    return response


def _answering(node: Node, declaration: Declaration) -> Any:
    async def answer(request: Request, identity: Identity) -> Response:
        command = await _read_command(request, declaration, node.settings.limits.frame_bytes)
        caller = Caller(User(identity.user_id, identity.username, identity.display_name))
        answered = await dispatch.run(command, caller, node, "http")
        return json_answer(answered.result, answered.status or declaration.status)

    return answer


async def _read_command(request: Request, declaration: Declaration, at_most: int) -> Any:
    strings: dict[str, str] = dict(request.path_params)
    body = await read_body(request, at_most)
    fields: dict[str, Any] = {}
    if declaration.method in ("GET", "DELETE"):
        for name, value in request.query_params.multi_items():
            if name in strings:
                raise CommandError(Code.INVALID, f"{name} is given twice.", errors={name: ["Is given twice."]})
            strings[name] = value
    elif body:
        fields = codec.decode_object(body)
    return codec.build_command(declaration.struct, fields, strings=strings)
