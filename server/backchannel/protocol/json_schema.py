"""The protocol as JSON Schema 2020-12: `protocol/schema.json`. Pure: declarations in, document out.

Here stand also the lists of what can be said, and the component schemas that OpenAPI and AsyncAPI share. What a client
says is closed (an unknown member is refused); what the server says is open, so that an older client reads a newer server.
"""

from inspect import cleandoc
from typing import Any, Final, get_args

import msgspec

from backchannel.protocol import frames
from backchannel.protocol.codec import FRAMES_IN_ONE_MESSAGE
from backchannel.protocol.commands import COMMANDS
from backchannel.protocol.events import AnyRoomEvent, AnyUserFrame, EphemeralFrame
from backchannel.protocol.examples import EXAMPLES
from backchannel.protocol.version import PROTOCOL

Struct = type[msgspec.Struct]

SERVER_FRAMES: Final[tuple[Struct, ...]] = (
    frames.ServerHello,
    frames.RoomListFrame,
    *get_args(AnyRoomEvent),
    *get_args(AnyUserFrame),
    *get_args(EphemeralFrame),
    frames.RoomHeads,
    frames.RoomReset,
    frames.CaughtUp,
    frames.Heartbeat,
    frames.Pong,
    frames.Ack,
    frames.ErrorFrame,
    frames.GoingAway,
)
CLIENT_FRAMES: Final[tuple[Struct, ...]] = (
    frames.ClientHello,
    *(declaration.struct for declaration in COMMANDS.values()),
    frames.ClientPong,
)
RESULTS: Final[tuple[Struct, ...]] = tuple({declaration.result: None for declaration in COMMANDS.values()})
ANSWERS_OVER_HTTP: Final[tuple[Struct, ...]] = (frames.SyncResponse, frames.TicketResponse)

_SAID_BY_CLIENT: Final = {*CLIENT_FRAMES, frames.SyncRequest, frames.ClientInfo, frames.Resume}
_TIMES: Final = frozenset({"timestamp", "at", "created_at", "edited_at", "expires_at"})


def document() -> dict[str, Any]:
    """Every frame in both directions. The root admits what one WebSocket message holds: a frame or several."""
    prefix = "#/$defs/"
    either = [{"$ref": f"{prefix}ClientFrame"}, {"$ref": f"{prefix}ServerFrame"}]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:backchannel:protocol:{PROTOCOL}",
        "title": f"Backchannel protocol, version {PROTOCOL}",
        "description": "What one WebSocket text message holds. The contract in prose is SPEC.md beside this file.",
        "anyOf": [*either, {"type": "array", "items": {"anyOf": either}, "maxItems": FRAMES_IN_ONE_MESSAGE}],
        "$defs": components(prefix),
    }


def components(prefix: str) -> dict[str, Any]:
    """All shapes by name, referring to each other at `prefix`. A frame's example stands in its `examples`."""
    structs: tuple[Struct, ...] = (*CLIENT_FRAMES, *SERVER_FRAMES, *RESULTS, frames.SyncRequest, *ANSWERS_OVER_HTTP)
    _, schemas = msgspec.json.schema_components(structs, ref_template=prefix + "{name}")
    del schemas["Struct"]  # the bare `Ack.result`, told exactly below
    schemas["Ack"]["properties"]["result"] = _any_of(prefix, RESULTS)
    schemas["SyncResponse"]["properties"]["frames"]["items"] = {"$ref": f"{prefix}ServerFrame"}
    schemas["Events"]["properties"]["events"]["items"] = {"$ref": f"{prefix}RoomEvent"}
    by_name = {struct.__name__: struct for struct in (*EXAMPLES, *_structs_behind(structs))}
    told = {name: _tell(schema, by_name[name]) for name, schema in schemas.items()}
    told["RoomEvent"] = {"description": "Numbered facts about a room.", **_any_of(prefix, get_args(AnyRoomEvent))}
    told["ClientFrame"] = {"description": "Everything a client says.", **_any_of(prefix, CLIENT_FRAMES)}
    told["ServerFrame"] = {
        "description": "Everything the server says. A client ignores a `type` it does not know.",
        **_any_of(prefix, SERVER_FRAMES),
    }
    return dict(sorted(told.items()))


def _any_of(prefix: str, structs: tuple[Struct, ...]) -> dict[str, Any]:
    return {"anyOf": [{"$ref": f"{prefix}{struct.__name__}"} for struct in structs]}


def _structs_behind(structs: tuple[Struct, ...]) -> list[Struct]:
    """All struct classes the schemas can be of: those given and those they hold."""
    found: dict[Struct, None] = {}

    def walk(type_: Any) -> None:
        if isinstance(type_, msgspec.inspect.StructType):
            if type_.cls in found:
                return
            found[type_.cls] = None
            for field in type_.fields:
                walk(field.type)
        for inner in ("type", "item_type", "value_type"):
            if hasattr(type_, inner):
                walk(getattr(type_, inner))
        for part in getattr(type_, "types", ()):
            walk(part)

    for struct in structs:
        walk(msgspec.inspect.type_info(struct))
    return list(found)


def _tell(schema: dict[str, Any], struct: Struct) -> dict[str, Any]:
    """What msgspec derives, with what it cannot know: who says it, which strings are times, an example."""
    if "description" in schema:
        schema["description"] = cleandoc(schema["description"])
    heard = struct not in _SAID_BY_CLIENT
    if heard:
        schema.pop("additionalProperties", None)
    for name, member in schema["properties"].items():
        if heard and struct.__struct_config__.omit_defaults and "default" in member:
            _never_null(member)
        if "enum" in member and name == "type":
            member["const"] = member.pop("enum")[0]
        if name in _TIMES and heard:
            _a_time(member)
        if name in ("rooms", "heads") and member.get("type") == "object":
            member["propertyNames"] = {"pattern": "^[1-9][0-9]{0,15}$"}
    if struct in EXAMPLES:
        schema["examples"] = [EXAMPLES[struct]]
    return schema


def _never_null(member: dict[str, Any]) -> None:
    """A member that is left out where it would be null."""
    del member["default"]
    kept = [part for part in member.pop("anyOf", []) if part != {"type": "null"}]
    assert len(kept) == 1
    member.update(kept[0])


def _a_time(member: dict[str, Any]) -> None:
    for part in member.get("anyOf", [member]):
        if part.get("type") == "string":
            part["format"] = "date-time"
