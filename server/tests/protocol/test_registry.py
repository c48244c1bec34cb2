"""Every command can be sent on both transports with the same meaning; an invalid one names its field."""

import json
import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backchannel.protocol import errors, events, frames, json_schema, results, shapes
from backchannel.protocol.codec import build_command, decode_frame, decode_object, encode
from backchannel.protocol.commands import COMMANDS, Declaration, declaration_of
from backchannel.protocol.errors import CloseCode, Code, CommandError, is_final
from backchannel.protocol.examples import EXAMPLES

DECLARED = list(COMMANDS.values())
OVER_REST = [declaration for declaration in DECLARED if declaration.method]


def _ids(declaration: Declaration) -> str:
    return declaration.word


def _as_rest(declaration: Declaration, said: dict[str, Any]) -> Any:
    """The same command as a REST call: path and query as text, the rest as a JSON body."""
    in_text = set(declaration.path_fields)
    if declaration.method in ("GET", "DELETE"):
        in_text |= set(said) - {"type"}
    strings = {
        name: said[name] if isinstance(said[name], str) else json.dumps(said[name]) for name in in_text if name in said
    }
    body = {name: value for name, value in said.items() if name not in in_text and name != "type"}
    return build_command(declaration.struct, decode_object(encode(body)), strings=strings)


@pytest.mark.parametrize("declaration", DECLARED, ids=_ids)
def test_every_example_decodes_to_its_command(declaration: Declaration) -> None:
    said = EXAMPLES[declaration.struct]
    command = decode_frame(encode(said))
    assert declaration_of(command) is declaration
    assert msgspec.json.decode(encode(command)) == said


@pytest.mark.parametrize("declaration", OVER_REST, ids=_ids)
def test_a_command_is_the_same_on_both_transports(declaration: Declaration) -> None:
    said = EXAMPLES[declaration.struct]
    assert _as_rest(declaration, said) == decode_frame(encode(said))


@pytest.mark.parametrize("declaration", OVER_REST, ids=_ids)
def test_a_path_names_fields_that_must_be_there(declaration: Declaration) -> None:
    fields = {field.name: field for field in msgspec.structs.fields(declaration.struct)}
    for name in declaration.path_fields:
        assert fields[name].required
    assert re.fullmatch(r"/api(/[a-z]+|/\{[a-z_]+\})+", declaration.path)


def test_no_two_commands_share_a_method_and_path() -> None:
    places = [(d.method, re.sub(r"\{\w+\}", "{}", d.path)) for d in OVER_REST]
    assert len(places) == len(set(places))


@pytest.mark.parametrize("declaration", DECLARED, ids=_ids)
def test_a_command_says_in_one_sentence_what_it_does(declaration: Declaration) -> None:
    assert declaration.summary.endswith(".")
    assert declaration.struct.__doc__ != json_schema.Struct.__doc__


@pytest.mark.parametrize("declaration", DECLARED, ids=_ids)
def test_every_missing_unknown_or_ill_typed_field_is_named_on_both_transports(declaration: Declaration) -> None:
    said = EXAMPLES[declaration.struct]
    fields = [field for field in msgspec.structs.fields(declaration.struct) if field.name != "type"]
    broken = [(field.name, {**said, field.name: {"not": "this"}}) for field in fields]
    broken += [(field.name, {k: v for k, v in said.items() if k != field.name}) for field in fields if field.required]
    broken += [("nobody_declared_this", {**said, "nobody_declared_this": 1})]
    for name, frame in broken:
        with pytest.raises(CommandError) as over_websocket:
            decode_frame(encode(frame))
        assert _named(over_websocket.value) == name
        if declaration.method and name not in declaration.path_fields:
            with pytest.raises(CommandError) as over_rest:
                build_command(declaration.struct, {k: v for k, v in frame.items() if k != "type"}, strings={})
            assert _named(over_rest.value) in {name, *declaration.path_fields}


def test_a_field_of_the_path_may_not_be_in_the_body_too() -> None:
    with pytest.raises(CommandError) as refused:
        build_command(COMMANDS["get_room"].struct, {"room_id": 7}, strings={"room_id": "7"})
    assert _named(refused.value) == "room_id"


@given(st.integers() | st.sampled_from([0, 1, 2**53 - 1, 2**53]))
def test_a_number_in_a_path_is_a_number(number: int) -> None:
    strings = {"room_id": str(number)}
    if 1 <= number <= 2**53 - 1:
        assert build_command(COMMANDS["get_room"].struct, {}, strings=strings).room_id == number
    else:
        with pytest.raises(CommandError) as refused:
            build_command(COMMANDS["get_room"].struct, {}, strings=strings)
        assert _named(refused.value) == "room_id"


def test_an_error_is_shorter_than_the_frame_it_refuses() -> None:
    for frame in (
        {"type": "ping", "x" * 50_000: 1},
        {"type": "create_room", "kind": "x" * 50_000},
        {"type": "x" * 50_000},
    ):
        with pytest.raises(CommandError) as refused:
            decode_frame(encode(frame))
        assert len(encode(refused.value.data)) < 1_000


def test_every_frame_is_listed() -> None:
    """A tagged struct in no list would be missing from all documents and from the client's types."""
    tagged = {
        struct
        for module in (events, frames, results, shapes)
        for struct in vars(module).values()
        if isinstance(struct, type) and issubclass(struct, msgspec.Struct) and struct.__struct_config__.tag
    } - {events.RoomEvent, events.UserFrame}  # bases
    assert tagged <= {*json_schema.SERVER_FRAMES, *json_schema.CLIENT_FRAMES}
    said_by_server = [struct.__struct_config__.tag for struct in json_schema.SERVER_FRAMES]
    assert len(said_by_server) == len(set(said_by_server))


def test_every_frame_has_an_example() -> None:
    everything = {
        *json_schema.SERVER_FRAMES,
        *json_schema.CLIENT_FRAMES,
        *json_schema.RESULTS,
        *json_schema.ANSWERS_OVER_HTTP,
        frames.SyncRequest,
        errors.ErrorData,
    }
    assert set(EXAMPLES) == everything


def test_error_words_and_close_codes_are_unique() -> None:
    words = [code.word for code in Code]
    assert len(words) == len(set(words)) == len(Code)
    assert len({int(code) for code in CloseCode}) == len(CloseCode.__members__)


def test_only_authentication_time_and_rate_errors_are_retryable() -> None:
    assert {code.word for code in Code if not is_final(code.status)} == {
        "unauthenticated",
        "rate_limited",
        "internal",
        "overloaded",
        "unavailable",
    }


def _named(error: CommandError) -> str:
    """The single field that an error names, in `errors` and in its text."""
    assert error.code is Code.INVALID
    (field,) = error.errors or {}
    assert str(error).startswith(field)
    return field
