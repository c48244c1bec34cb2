"""Golden frames are decoded and refused as each states. The client's tests read the same files."""

import functools
import operator
from typing import Any

import jsonschema_rs
import msgspec
import pytest

from backchannel.protocol import json_schema
from backchannel.protocol.codec import BadFrame, ClientFrame, decode_frame, encode, split_text
from backchannel.protocol.commands import COMMANDS
from backchannel.protocol.errors import Code
from backchannel.protocol.frames import Ack
from tests.protocol.vectors import Vector, read

VALID_CLIENT = read("valid", "client")
VALID_SERVER = read("valid", "server")
INVALID_CLIENT = read("invalid", "client")
INVALID_SERVER = read("invalid", "server")
KNOWN_SERVER = [vector for vector in VALID_SERVER if "unknown" not in vector.data]

SCHEMA = json_schema.document()
_FRAMES: Any = functools.reduce(operator.or_, [s for s in json_schema.SERVER_FRAMES if s is not Ack])


def _ids(vector: Vector) -> str:
    return vector.name


def _decode(message: bytes) -> tuple[list[ClientFrame], list[BadFrame]]:
    """The frames of a WebSocket message, and the refusals of those that are invalid."""
    understood: list[ClientFrame] = []
    refused: list[BadFrame] = []
    try:
        for part in split_text(message):
            try:
                understood.append(decode_frame(part))
            except BadFrame as error:
                refused.append(error)
    except BadFrame as error:
        refused.append(error)
    return understood, refused


def _admits(definition: str, value: Any) -> bool:
    schema = {"$schema": SCHEMA["$schema"], "$ref": f"#/$defs/{definition}", "$defs": SCHEMA["$defs"]}
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True).is_valid(value)


@pytest.mark.parametrize("vector", VALID_CLIENT, ids=_ids)
def test_valid_client_frames_are_decoded(vector: Vector) -> None:
    understood, refused = _decode(vector.message)
    assert not refused
    meant = vector.data.get("reads_as", vector.data.get("frame"))
    meant = meant if isinstance(meant, list) else [meant]
    assert [msgspec.json.decode(encode(frame)) for frame in understood] == meant


@pytest.mark.parametrize("vector", INVALID_CLIENT, ids=_ids)
def test_invalid_client_frames_are_refused_with_their_code(vector: Vector) -> None:
    understood, refused = _decode(vector.message)
    assert len(understood) == vector.data.get("good", 0)
    (error,) = refused
    assert error.code.word == vector.data["code"]
    if "id" in vector.data:
        assert error.frame_id == vector.data["id"]
    if error.code is Code.INVALID:
        assert list(error.errors or {}) == [vector.data["field"]]
    else:
        assert error.errors is None


@pytest.mark.parametrize("vector", KNOWN_SERVER, ids=_ids)
def test_server_frames_have_not_changed(vector: Vector) -> None:
    """Decode and encode again: a member that was renamed, retyped or dropped would not survive. New ones may be added."""
    said = vector.data["frame"]
    if said["type"] == "ack":
        frame: Any = Ack(said["id"], msgspec.convert(said["result"], COMMANDS[vector.data["answers"]].result))
    else:
        frame = msgspec.json.decode(vector.message, type=_FRAMES)
    assert _with_the_members_of(said, msgspec.json.decode(encode(frame))) == said


def _with_the_members_of(golden: Any, value: Any) -> Any:
    """The value without the members, at any depth, that a golden frame does not have."""
    if isinstance(golden, dict) and isinstance(value, dict):
        return {name: _with_the_members_of(golden[name], each) for name, each in value.items() if name in golden}
    if isinstance(golden, list) and isinstance(value, list) and len(golden) == len(value):
        return [_with_the_members_of(*pair) for pair in zip(golden, value, strict=True)]
    return value


@pytest.mark.parametrize("vector", [*VALID_CLIENT, *KNOWN_SERVER], ids=_ids)
def test_the_schema_accepts_valid_frames(vector: Vector) -> None:
    said = vector.data.get("reads_as", vector.data.get("frame"))
    definition = f"{vector.data['direction'].capitalize()}Frame"
    assert all(_admits(definition, frame) for frame in (said if isinstance(said, list) else [said]))


# JSON Schema calls 7.0 an integer; the codec does not, so that every language reads the same number.
_STRICTER = {"client-room-id-float"}


@pytest.mark.parametrize(
    "vector", [v for v in INVALID_CLIENT if "frame" in v.data and v.name not in _STRICTER], ids=_ids
)
def test_the_schema_rejects_invalid_client_frames(vector: Vector) -> None:
    said = vector.data["frame"]
    if isinstance(said, list):
        assert not jsonschema_rs.Draft202012Validator(SCHEMA).is_valid(said)
    else:
        assert not _admits("ClientFrame", said)


@pytest.mark.parametrize("vector", [v for v in INVALID_SERVER if "frame" in v.data], ids=_ids)
def test_the_server_cannot_encode_invalid_frames(vector: Vector) -> None:
    assert not _admits("ServerFrame", vector.data["frame"])
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(vector.message, type=_FRAMES)


def test_every_word_has_a_golden_frame() -> None:
    said = {(v.data["direction"], frame["type"]) for v in (*VALID_CLIENT, *KNOWN_SERVER) for frame in _frames(v)}
    for struct in json_schema.CLIENT_FRAMES:
        assert ("client", struct.__struct_config__.tag) in said
    for struct in json_schema.SERVER_FRAMES:
        assert ("server", struct.__struct_config__.tag) in said
    answered = {v.data["answers"] for v in KNOWN_SERVER if "answers" in v.data}
    assert answered == set(COMMANDS) - {"ping", "get_room_list"}


def test_every_error_word_has_a_golden_frame() -> None:
    said = {frame["error"]["code"] for v in KNOWN_SERVER for frame in _frames(v) if frame["type"] == "error"}
    assert said == {code.word for code in Code}


def _frames(vector: Vector) -> list[dict[str, Any]]:
    frames = vector.data["reads_as"] if "reads_as" in vector.data else vector.data["frame"]
    return frames if isinstance(frames, list) else [frames]
