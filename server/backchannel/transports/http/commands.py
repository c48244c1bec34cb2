"""Every declared command as a REST endpoint: derived from the registry, none written by hand."""

from typing import Any
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Receive, Scope

from backchannel.commands.context import Caller
from backchannel.protocol import codec
from backchannel.protocol.commands import COMMANDS, Declaration
from backchannel.protocol.errors import Code, CommandError
from backchannel.transports import dispatch
from backchannel.transports.http.requests import Answering, authenticated, read_body
from backchannel.transports.identity import Identity
from backchannel.transports.node import Node


def command_endpoints(node: Node) -> dict[str, dict[str, ASGIApp]]:
    """By address and method."""
    endpoints: dict[str, dict[str, ASGIApp]] = {}
    for declaration in COMMANDS.values():
        if declaration.method is not None:
            methods = endpoints.setdefault(_address(declaration.path), {})
            methods[declaration.method] = authenticated(node, _answering(node, declaration))
    return endpoints


def _address(path: str) -> str:
    """An emoji may come with a slash or a line's end, or empty: that is for the command to refuse, in the words it has for it. The site's own
    id of a person may have a slash."""
    return path.replace("{emoji}", "{emoji:rest}").replace("{user_id}", "{user_id:rest}")


def _answering(node: Node, declaration: Declaration) -> Answering:
    async def answer(scope: Scope, receive: Receive, identity: Identity) -> tuple[int, bytes]:
        body, identity = await read_body(scope, receive, node.settings.limits.frame_bytes, node, identity)
        command = _build_command(scope, body, declaration)
        caller = Caller(identity.user, None, "http", identity.credential, identity.expires_at)
        answered = await dispatch.run(command, caller, node, "http")
        return 200 if answered.is_repeat else declaration.status, codec.encode(answered.result)

    return answer


def _build_command(scope: Scope, body: bytes, declaration: Declaration) -> Any:
    strings: dict[str, str] = dict(scope["path_params"])
    fields: dict[str, Any] = {}
    if declaration.method in ("GET", "DELETE"):
        for name, value in parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True):
            if name in strings:
                raise CommandError(Code.INVALID, f"{name} is given twice.", errors={name: ["Is given twice."]})
            strings[name] = value
    elif body:
        fields = codec.decode_object(body)
    return codec.build_command(declaration.struct, fields, strings=strings)
