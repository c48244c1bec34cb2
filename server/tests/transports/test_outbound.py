"""Frames pending for a socket are bounded, stay in order, and leave in as few messages as possible."""

import json

import pytest

from backchannel.protocol.frame_batch import BATCH_BYTES, FrameBatch, batches_of
from backchannel.transports.websocket.outbound import BYTES_BEHIND, FRAMES_BEHIND, Outbound


def one(frame: bytes) -> FrameBatch:
    return FrameBatch(frame, 1)


def everything(outbound: Outbound) -> list[str]:
    texts = []
    while outbound:
        texts.append(outbound.take().text)
    return texts


def frames(texts: list[str]) -> list[object]:
    read = [json.loads(text) for text in texts]
    return [frame for message in read for frame in (message if isinstance(message, list) else [message])]


def test_a_single_frame_is_sent_as_an_object_and_several_as_an_array() -> None:
    outbound = Outbound()
    outbound.put(one(b'{"a":1}'))
    assert everything(outbound) == ['{"a":1}']
    outbound.put(one(b"0"))
    outbound.put(FrameBatch(b"1,2", 2))
    outbound.put(one(b"3"))
    assert everything(outbound) == ["[0,1,2,3]"]


def test_a_message_ends_before_it_exceeds_the_maximum_size() -> None:
    outbound = Outbound()
    large = [b'"' + b"x" * 10_000 + b'"' for _ in range(30)] + [b'"' + b"y" * BATCH_BYTES + b'"']
    for frame in large:
        outbound.put(one(frame))
    texts = everything(outbound)
    assert len(frames(texts)) == 31
    assert all(len(text) <= BATCH_BYTES for text in texts[:-1])
    assert len(texts) < 10


@pytest.mark.parametrize(("size", "count"), [(1, FRAMES_BEHIND), (1020, BYTES_BEHIND // 1024), (BYTES_BEHIND - 10, 1)])
def test_a_client_at_the_limit_stays_and_one_beyond_it_is_refused(size: int, count: int) -> None:
    outbound = Outbound()
    assert all(outbound.put(one(b"x" * size)) for _ in range(count))
    assert not outbound.put(one(b"x" * size))


def test_every_frame_of_a_batch_counts() -> None:
    outbound = Outbound()
    assert outbound.put(FrameBatch(b",".join([b"1"] * FRAMES_BEHIND), FRAMES_BEHIND))
    assert not outbound.put(one(b"1"))


def test_bytes_buffered_in_the_transport_count_too() -> None:
    outbound = Outbound()
    assert outbound.put(one(b"x" * 1020), buffered=BYTES_BEHIND - 1024)
    assert not outbound.put(one(b"x" * 1020), buffered=BYTES_BEHIND - 1024)


def test_a_catch_up_in_progress_does_not_count() -> None:
    outbound = Outbound()
    outbound.put_catch_up(batches_of([b"x" * 2048] * 500))
    assert all(outbound.put(one(b"1")) for _ in range(FRAMES_BEHIND))
    assert not outbound.put(one(b"1"))


def test_written_frames_no_longer_count() -> None:
    outbound = Outbound()
    outbound.put_catch_up(batches_of([b"0"] * 100))
    for _ in range(10):
        for _ in range(FRAMES_BEHIND):
            assert outbound.put(one(b"1"))
        everything(outbound)


def test_clear_drops_everything_pending() -> None:
    outbound = Outbound()
    outbound.put_catch_up([one(b"1")])
    outbound.put(one(b"2"))
    outbound.clear()
    assert not outbound
    assert outbound.put(one(b"3"))
    assert everything(outbound) == ["3"]
