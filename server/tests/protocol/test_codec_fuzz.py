"""Any bytes decode to frames or are refused; nothing else happens."""

# ruff: noqa: PT017 -- decoding may succeed or be refused; both outcomes are checked

import json
from typing import Any

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from backchannel.protocol.codec import (
    FRAMES_IN_ONE_MESSAGE,
    BadFrame,
    decode_body,
    decode_frame,
    decode_object,
    encode,
    split_text,
)
from backchannel.protocol.commands import COMMANDS, Command
from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.examples import EXAMPLES
from backchannel.protocol.frames import ClientHello, ClientPong, ErrorFrame, SyncRequest
from tests.protocol.vectors import read

ALL_VECTORS = [
    vector.message for kind in ("valid", "invalid") for side in ("client", "server") for vector in read(kind, side)
]
WORDS = [*COMMANDS, "hello", "pong"]
NAMES = sorted({name for frame in EXAMPLES.values() for name in frame})

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40) | st.sampled_from(WORDS)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
    max_leaves=5,
)
near_frames = st.builds(
    lambda word, rest: {"type": word, **rest},
    st.sampled_from(WORDS) | scalars,
    st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=8), values, max_size=4),
)


@st.composite
def broken_vectors(draw: Any) -> bytes:
    """A golden frame with some bytes removed, inserted or changed."""
    message = bytearray(draw(st.sampled_from(ALL_VECTORS)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(message)))
        message[at : at + draw(st.integers(0, 3))] = draw(st.binary(max_size=3))
    return bytes(message)


def _decode(message: bytes) -> None:
    """Decode a message as the transports do: every part is a frame, or an error that can be encoded."""
    try:
        parts = split_text(message)
    except BadFrame as error:
        assert error.code is Code.BAD_FRAME
        _encode(error)
        return
    assert len(parts) <= max(FRAMES_IN_ONE_MESSAGE, 1)
    for part in parts:
        try:
            frame = decode_frame(part)
        except BadFrame as error:
            assert error.code in (Code.BAD_FRAME, Code.UNKNOWN_COMMAND, Code.INVALID)
            assert error.frame_id is None or len(error.frame_id) <= 64
            _encode(error)
        else:
            assert isinstance(frame, Command | ClientHello | ClientPong)
            assert decode_frame(encode(frame)) == frame


def _encode(error: BadFrame) -> None:
    said = encode(ErrorFrame(error.frame_id, error.data))
    assert msgspec.json.decode(said)["error"]["code"] == error.code.word
    assert len(said) < 4_000


@given(st.binary(max_size=200))
@example(b"[" * 5_000)
@example(b'{"a":' * 5_000)
@example(b'{"type":"ping","x":' + b"[" * 5_000 + b"]" * 5_000 + b"}")
@example(b'[{"type":"ping","id":"\xff"}]')
def test_random_bytes_are_decoded_or_refused(message: bytes) -> None:
    _decode(message)


@given(broken_vectors())
@settings(max_examples=200)
def test_damaged_golden_frames_are_decoded_or_refused(message: bytes) -> None:
    _decode(message)


@given(near_frames | st.lists(near_frames, max_size=3) | values)
@settings(max_examples=200)
def test_json_much_like_a_frame_is_decoded_or_refused(said: Any) -> None:
    _decode(json.dumps(said).encode())


@given(st.binary(max_size=60) | near_frames.map(lambda said: json.dumps(said).encode()))
def test_a_random_body_is_decoded_or_refused(body: bytes) -> None:
    for decode in (decode_object, lambda data: decode_body(data, SyncRequest)):
        try:
            decode(body)
        except CommandError as error:
            assert error.code in (Code.BAD_FRAME, Code.INVALID)
