"""A batch has its frames in order, framed as RFC 6455 requires, and many frames are packed into few batches."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame
from websockets.streams import StreamReader

from backchannel.protocol.frame_batch import BATCH_BYTES, FrameBatch, batches_of


def payload_of(wire: bytes) -> bytes:
    """The payload as a client's library decodes it: exactly one complete text frame."""
    stream = StreamReader()
    stream.feed_data(wire)
    stream.feed_eof()
    parsing = Frame.parse(stream.read_exact, mask=False)
    with pytest.raises(StopIteration) as complete:
        next(parsing)
    frame = complete.value.value
    assert (int(frame.opcode), frame.fin, bytes(stream.buffer)) == (1, True, b"")
    return bytes(frame.data)


@given(st.lists(st.text(max_size=50).map(lambda text: json.dumps(text, ensure_ascii=False).encode()), min_size=1))
def test_a_batch_is_sent_as_one_frame_or_an_array_of_frames(frames: list[bytes]) -> None:
    text = FrameBatch(b",".join(frames), len(frames))
    said = json.loads(payload_of(text.wire))
    assert said == json.loads(text.text)
    assert (said if len(frames) > 1 else [said]) == [json.loads(frame) for frame in frames]
    assert text.inner == b",".join(frames)


@pytest.mark.parametrize("size", [1, 125, 126, 65_535, 65_536, 100_000])
def test_a_payload_of_any_length_is_framed(size: int) -> None:
    assert payload_of(FrameBatch(b"x" * size, 1).wire) == b"x" * size


@given(st.lists(st.integers(1, 40_000), max_size=30))
def test_frames_are_packed_in_order_into_batches_of_bounded_size(sizes: list[int]) -> None:
    frames = [b"%d" % index + b" " * size for index, size in enumerate(sizes)]
    texts = batches_of(frames)
    assert b",".join(text.inner for text in texts) == b",".join(frames)
    assert sum(text.count for text in texts) == len(frames)
    assert all(len(text.text) <= BATCH_BYTES for text in texts if text.count > 1)
    assert all(len(a.inner) + len(b.inner) > BATCH_BYTES / 2 for a, b in pairwise(texts))
