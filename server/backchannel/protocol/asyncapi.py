"""The protocol on the WebSocket as AsyncAPI 3.0: `protocol/asyncapi.json`, served at /api/asyncapi.json.

Pure: declarations in, document out. The document takes the server's side, as AsyncAPI does: the server *receives* client
frames and *sends* the rest. Each command's operation lists its possible answers.
"""

from functools import cache
from typing import Any, Final

from backchannel.protocol import frames, json_schema
from backchannel.protocol.commands import COMMANDS, Declaration
from backchannel.protocol.examples import EXAMPLES
from backchannel.protocol.version import PROTOCOL

PREFIX: Final = "#/components/schemas/"

_ANSWERS: Final = (frames.Ack, frames.ErrorFrame, frames.Pong)


@cache
def document() -> dict[str, Any]:
    """Return the whole document. It is cached: do not modify it."""
    schemas = json_schema.components(PREFIX)
    schemas |= {_ack_name(declaration): _ack_schema(declaration) for declaration in _acked()}
    messages = {
        struct.__name__: _message(struct) for struct in (*json_schema.CLIENT_FRAMES, *json_schema.SERVER_FRAMES)
    }
    messages |= {_ack_name(declaration): _ack_message(declaration) for declaration in _acked()}
    del messages["Ack"]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Backchannel",
            "version": str(PROTOCOL),
            "description": (
                "One WebSocket. A text message holds one frame, or several as a JSON array, in order. The client opens "
                "with `hello`; the server answers `hello`, then what the client missed, then `caught_up`. "
                "The prose contract is protocol/SPEC.md; the same commands over HTTP are in /api/openapi.json."
            ),
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "this": {
                "host": "localhost",
                "protocol": "wss",
                "description": "The host that served this document.",
                "security": [
                    {"$ref": f"#/components/securitySchemes/{name}"} for name in ("cookie", "bearer", "ticket")
                ],
            }
        },
        "channels": {
            "socket": {
                "address": "/ws",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
                "bindings": {"ws": {"method": "GET", "query": _QUERY}},
            }
        },
        "operations": {
            **{declaration.word: _command_operation(declaration) for declaration in COMMANDS.values()},
            "hello": _receive(
                "Opens the session. Must come first, within 5 s.", frames.ClientHello, [frames.ServerHello.__name__]
            ),
            "pong": _receive("Answers the heartbeat.", frames.ClientPong, []),
            **{_send_name(struct): _send(struct) for struct in json_schema.SERVER_FRAMES if struct not in _ANSWERS},
        },
        "components": {"messages": messages, "schemas": schemas, "securitySchemes": _SECURITY},
    }


_QUERY: Final = {
    "type": "object",
    "properties": {
        "token": {"type": "string", "description": "A ticket from POST /api/auth/ticket; works once, within 30 s."}
    },
}
_SECURITY: Final = {
    "cookie": {
        "type": "httpApiKey",
        "in": "cookie",
        "name": "backchannel",
        "description": "A browser's session; Origin is checked.",
    },
    "bearer": {"type": "http", "scheme": "bearer", "description": "A program's token, sent at the handshake."},
    "ticket": {"type": "httpApiKey", "in": "query", "name": "token", "description": "For pages of another origin."},
}


def _acked() -> list[Declaration]:
    """The commands answered by an `ack`: all except those answered by a frame of their own."""
    return [declaration for declaration in COMMANDS.values() if declaration.word not in ("ping", "get_room_list")]


def _ack_name(declaration: Declaration) -> str:
    return f"{declaration.struct.__name__}Ack"


def _ack_schema(declaration: Declaration) -> dict[str, Any]:
    return {
        "title": _ack_name(declaration),
        "type": "object",
        "properties": {
            "type": {"const": "ack"},
            "id": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "result": {"$ref": PREFIX + declaration.result.__name__},
        },
        "required": ["type", "id", "result"],
    }


def _ack_example(declaration: Declaration) -> dict[str, Any]:
    return {"type": "ack", "id": EXAMPLES[declaration.struct]["id"], "result": EXAMPLES[declaration.result]}


def _ack_message(declaration: Declaration) -> dict[str, Any]:
    return {
        "name": "ack",
        "summary": f"`{declaration.word}` has been carried out.",
        "payload": {"$ref": PREFIX + _ack_name(declaration)},
        "examples": [{"payload": _ack_example(declaration)}],
    }


def _message(struct: json_schema.Struct) -> dict[str, Any]:
    return {
        "name": str(struct.__struct_config__.tag),
        "payload": {"$ref": PREFIX + struct.__name__},
        "examples": [{"payload": EXAMPLES[struct]}],
    }


def _command_operation(declaration: Declaration) -> dict[str, Any]:
    if declaration.word == "ping":
        answer = frames.Pong.__name__
    elif declaration.word == "get_room_list":
        answer = frames.RoomListFrame.__name__
    else:
        answer = _ack_name(declaration)
    return _receive(declaration.summary, declaration.struct, [answer, frames.ErrorFrame.__name__])


def _receive(summary: str, struct: json_schema.Struct, answers: list[str]) -> dict[str, Any]:
    operation: dict[str, Any] = {"action": "receive", "summary": summary, **_in_channel([struct.__name__])}
    if answers:
        operation["reply"] = _in_channel(answers)
    return operation


def _send_name(struct: json_schema.Struct) -> str:
    return f"say_{struct.__struct_config__.tag}"


def _send(struct: json_schema.Struct) -> dict[str, Any]:
    return {"action": "send", **_in_channel([struct.__name__])}


def _in_channel(names: list[str]) -> dict[str, Any]:
    return {
        "channel": {"$ref": "#/channels/socket"},
        "messages": [{"$ref": f"#/channels/socket/messages/{name}"} for name in names],
    }
