"""The protocol as JSON Schema 2020-12: `protocol/schema.json`. Pure: declarations in, document out.

Also holds the lists of all frames, and the component schemas that OpenAPI and AsyncAPI share. Client frames are closed (an
unknown member is refused); server frames are open, so that an older client can read a newer server.
"""

from inspect import cleandoc
from typing import Any, Final, get_args

import msgspec

from backchannel.protocol import frames, reports, results
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
ANSWERS_OVER_HTTP: Final[tuple[Struct, ...]] = (
    frames.SyncResponse,
    frames.SessionResponse,
    frames.TicketResponse,
    frames.RequestSeen,
    results.UploadOffset,
)
BODIES: Final[tuple[Struct, ...]] = (frames.SyncRequest, reports.Report)
"""Bodies of requests that are not commands."""

_SENT_BY_CLIENT: Final = {
    *CLIENT_FRAMES,
    *BODIES,
    frames.ClientInfo,
    frames.Resume,
    reports.AttemptReport,
    reports.Timings,
    reports.BrowserError,
}
_TIMES: Final = frozenset(
    {
        "timestamp",
        "at",
        "created_at",
        "edited_at",
        "expires_at",
        *("started_at", "first_at", "last_at", "since", "until", "earliest", "latest"),
    }
)


def document() -> dict[str, Any]:
    """Both directions. The root allows what one WebSocket message may hold: a frame or several."""
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
    """All shapes by name, with references relative to `prefix`. A frame's example is in its `examples`."""
    structs: tuple[Struct, ...] = (*CLIENT_FRAMES, *SERVER_FRAMES, *RESULTS, *BODIES, *ANSWERS_OVER_HTTP)
    _, schemas = msgspec.json.schema_components(structs, ref_template=prefix + "{name}")
    del schemas["Struct"]  # `Ack.result` as declared; replaced below by its exact types
    schemas["Ack"]["properties"]["result"] = _any_of(prefix, RESULTS)
    schemas["SyncResponse"]["properties"]["frames"]["items"] = {"$ref": f"{prefix}ServerFrame"}
    schemas["Events"]["properties"]["events"]["items"] = {"$ref": f"{prefix}RoomEvent"}
    by_name = {struct.__name__: struct for struct in (*EXAMPLES, *_structs_behind(structs))}
    schemas = {name: _complete(schema, by_name[name]) for name, schema in schemas.items()}
    schemas["RoomEvent"] = {"description": "Numbered events of a room.", **_any_of(prefix, get_args(AnyRoomEvent))}
    schemas["ClientFrame"] = {"description": "Every frame that a client sends.", **_any_of(prefix, CLIENT_FRAMES)}
    schemas["ServerFrame"] = {
        "description": "Every frame that the server sends. A client ignores a `type` it does not know.",
        **_any_of(prefix, SERVER_FRAMES),
    }
    return dict(sorted(schemas.items()))


def components_of(structs: tuple[Struct, ...], prefix: str) -> dict[str, Any]:
    """The schemas of answers that are no frames, and of what they contain."""
    _, schemas = msgspec.json.schema_components(structs, ref_template=prefix + "{name}")
    by_name = {struct.__name__: struct for struct in _structs_behind(structs)}
    return {name: _complete(schema, by_name[name]) for name, schema in schemas.items()}


def _any_of(prefix: str, structs: tuple[Struct, ...]) -> dict[str, Any]:
    return {"anyOf": [{"$ref": f"{prefix}{struct.__name__}"} for struct in structs]}


def _structs_behind(structs: tuple[Struct, ...]) -> list[Struct]:
    """The given structs and all structs they contain."""
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


def _complete(schema: dict[str, Any], struct: Struct) -> dict[str, Any]:
    """Add what msgspec cannot derive: openness, date-time formats, an example. Changes and returns `schema`."""
    if "description" in schema:
        schema["description"] = cleandoc(schema["description"])
    from_server = struct not in _SENT_BY_CLIENT
    if from_server:
        schema.pop("additionalProperties", None)
    for name, member in schema["properties"].items():
        if from_server and struct.__struct_config__.omit_defaults and "default" in member:
            _never_null(member)
        if "enum" in member and name == "type":
            member["const"] = member.pop("enum")[0]
        if name in _TIMES and from_server:
            _a_time(member)
        if name in ("rooms", "heads", "seen") and member.get("type") == "object":
            member["propertyNames"] = {"pattern": "^[1-9][0-9]{0,15}$"}
    if struct in EXAMPLES:
        schema["examples"] = [EXAMPLES[struct]]
    return schema


def _never_null(member: dict[str, Any]) -> None:
    """Remove null, if it is there, from the schema of a member that is omitted where it is the default."""
    if member["default"] is None:
        kept = [part for part in member.pop("anyOf", []) if part != {"type": "null"}]
        assert len(kept) == 1
        member.update(kept[0])
    del member["default"]


def _a_time(member: dict[str, Any]) -> None:
    for part in member.get("anyOf", [member]):
        if part.get("type") == "string":
            part["format"] = "date-time"
