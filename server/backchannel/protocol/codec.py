"""Bytes ↔ frames, on both transports. Pure: no socket, no clock.

Decoding is strict: unknown fields, wrong types and invalid UTF-8 are refused with a sentence that names the field.
"""

import re
from contextlib import suppress
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final, Union

import msgspec

from backchannel.protocol.commands import COMMANDS, Command
from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.frames import ClientHello, ClientPong

ClientFrame = Command | ClientHello | ClientPong

encode: Final = msgspec.json.Encoder().encode

_words: Final = frozenset(COMMANDS) | {"hello", "pong"}
_frame_union: Any = Union[tuple([*map(attrgetter("struct"), COMMANDS.values()), ClientHello, ClientPong])]  # noqa: UP007
_decode_frame: Final = msgspec.json.Decoder(_frame_union).decode
_decode_raw_list: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode


class _Envelope(msgspec.Struct):
    """The part of an undecodable frame that is needed to answer it by its id."""

    type: Any = None
    id: Any = None


_decode_envelope: Final = msgspec.json.Decoder(_Envelope).decode

FRAMES_IN_ONE_MESSAGE: Final = 64


class BadFrame(CommandError):
    """A text that is not JSON, has no `type`, or has an unknown `type`.

    `frame_id`: the frame's id, if it could be read. `is_text`: the only fault is a lone surrogate in a string, so the program that
    sent it is otherwise sound and its connection is kept.
    """

    def __init__(
        self, code: Code, detail: str, frame_id: str | None = None, *, is_text: bool = False, **rest: Any
    ) -> None:
        super().__init__(code, detail, **rest)
        self.frame_id = frame_id
        self.is_text = is_text


def split_text(text: bytes) -> list[bytes | msgspec.Raw]:
    """Split a WebSocket text message, which holds one frame or an array of them. Raises BadFrame."""
    if text.lstrip()[:1] != b"[":
        return [text]
    try:
        frames = _decode_raw_list(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _not_json(error) from None
    if len(frames) > FRAMES_IN_ONE_MESSAGE:
        raise BadFrame(
            Code.BAD_FRAME,
            f"A message may hold at most {FRAMES_IN_ONE_MESSAGE} frames; this one holds {len(frames)}.",
        )
    return list(frames)


def decode_frame(data: bytes | msgspec.Raw) -> ClientFrame:
    """Decode one client frame. Raises BadFrame (`bad_frame`, `unknown_command` or `invalid`) with the frame's id, if it has one."""
    try:
        return _decode_frame(data)  # type: ignore[no-any-return]
    except msgspec.ValidationError as error:
        raise _refused(data, error) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _lone_surrogate(data) or _not_json(error) from None


def id_of(data: bytes | msgspec.Raw) -> str | None:
    """The id of a frame that is answered without being decoded."""
    try:
        frame_id = _decode_envelope(data).id
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return frame_id if isinstance(frame_id, str) and len(frame_id) <= 64 else None


def decode_body(body: bytes, type_: type[msgspec.Struct]) -> Any:
    """Decode a JSON body as the given struct. Raises CommandError (`bad_frame` or `invalid`)."""
    try:
        return _decoder_for(type_).decode(body)
    except msgspec.ValidationError as error:
        if not body.lstrip().startswith(b"{"):
            raise _no_object() from None
        raise validation_error(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _lone_surrogate(body) or _not_json(error) from None


def decode_object(body: bytes) -> dict[str, Any]:
    """Decode a JSON object with any members. Raises CommandError (`bad_frame`)."""
    try:
        value = msgspec.json.decode(body)
    except msgspec.ValidationError as error:  # valid JSON with a number that no Python type holds
        raise validation_error(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _lone_surrogate(body) or _not_json(error) from None
    if not isinstance(value, dict):
        raise _no_object()
    return value


def build_command(struct: type[msgspec.Struct], fields: dict[str, Any], *, strings: dict[str, str]) -> Any:
    """Build a command from a REST call: `fields` from the JSON body, `strings` from path and query. Raises CommandError."""
    doubled = fields.keys() & strings.keys()
    if doubled:
        field = min(doubled)
        raise CommandError(Code.INVALID, f"{field} is given in the path.", errors={field: ["Is given in the path."]})
    try:
        decoded = {name: _decode_string(struct, name, text) for name, text in strings.items()}
        return msgspec.convert({**fields, **decoded}, struct)
    except msgspec.ValidationError as error:
        raise validation_error(error) from None


def _decode_string(struct: type[msgspec.Struct], name: str, text: str) -> Any:
    """Convert text from a path or query: parsed as JSON unless the field itself is a string."""
    field = _fields_of(struct).get(name)
    if field is None:
        return text
    try:
        value = int(text) if _WHOLE_NUMBER.fullmatch(text) else _BOOLEANS.get(text, text)
        with suppress(msgspec.ValidationError):
            return msgspec.convert(text, field.type)
        return msgspec.convert(value, field.type)
    except msgspec.ValidationError as error:
        raise msgspec.ValidationError(f"{error} - at `$.{name}`") from None


_BOOLEANS: Final[dict[str, bool]] = {"true": True, "false": False}
_WHOLE_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]{0,18})", re.ASCII)


@lru_cache
def _fields_of(struct: type[msgspec.Struct]) -> dict[str, Any]:
    return {field.name: field for field in msgspec.structs.fields(struct)}


@lru_cache
def _decoder_for(type_: type[msgspec.Struct]) -> Any:
    return msgspec.json.Decoder(type_)


_AT: Final = re.compile(r" - at `(?:key` in `)?\$(?:\.(\w+))?[^`]*`$")
_NAMED: Final = re.compile(r"(?:unknown|required) field `([^`]*)`")


def validation_error(error: msgspec.ValidationError) -> CommandError:
    """422 `invalid`, with the field named in `errors`."""
    sentence = str(error)
    at, named = _AT.search(sentence), _NAMED.search(sentence)
    # A field's name and value may be as long as the frame, and the answer repeats them.
    plain = _shortened(_AT.sub("", sentence), 200)
    field = _shortened((at and at.group(1)) or (named and named.group(1)) or "type", 64)
    return CommandError(Code.INVALID, f"{field}: {plain}.", errors={field: [f"{plain}."]})


def _shortened(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def _refused(data: bytes | msgspec.Raw, error: msgspec.ValidationError) -> BadFrame:
    try:
        envelope = _decode_envelope(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _lone_surrogate(data) or BadFrame(Code.BAD_FRAME, 'A frame is a JSON object with a "type".')
    frame_id = id_of(data)
    if not isinstance(envelope.type, str):
        return BadFrame(Code.BAD_FRAME, 'A frame is a JSON object with a "type" that is a string.', frame_id)
    if envelope.type not in _words:
        return BadFrame(Code.UNKNOWN_COMMAND, f"There is no command {envelope.type[:64]!r}.", frame_id)
    refusal = validation_error(error)
    return BadFrame(refusal.code, str(refusal), frame_id, errors=refusal.errors)


_LONE: Final = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
"""Matches a `\\u` escape of a high surrogate not followed by a low one, or of a low one not preceded by a high one. Escaped
backslashes must be replaced first."""
_ESCAPED_BACKSLASH: Final = rb"\\"
_STAND_IN: Final = b"\x00\x00"
"""Replaces an escaped backslash while searching, so that the `u` after it does not look like an escape. No JSON holds these bytes."""
_SEARCHED_BYTES: Final = 64 * 1024
"""Larger bodies get the general error: the search is slow, and a client could repeat it at will."""


def _lone_surrogate(data: bytes | msgspec.Raw) -> BadFrame | None:
    """The refusal of a text that would be valid JSON but for lone surrogates (`"\\ud800"`), with the frame's id. None if
    something else is wrong. Programs that cut an emoji in half produce such escapes."""
    text = bytes(data)
    if len(text) > _SEARCHED_BYTES or b"\x00" in text:
        return None
    mended = _LONE.sub(rb"\\ufffd", text.replace(_ESCAPED_BACKSLASH, _STAND_IN)).replace(_STAND_IN, _ESCAPED_BACKSLASH)
    if mended == text:
        return None
    try:
        _decode_envelope(mended)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    detail = "A text contains half a character (a lone surrogate). Leave it out, or replace it with U+FFFD."
    return BadFrame(Code.BAD_FRAME, detail, id_of(mended), is_text=True)


def _no_object() -> CommandError:
    return CommandError(Code.BAD_FRAME, "The body must be a JSON object.")


def _not_json(error: Exception) -> BadFrame:
    reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
    return BadFrame(Code.BAD_FRAME, f"This is not valid JSON: {reason}.")
