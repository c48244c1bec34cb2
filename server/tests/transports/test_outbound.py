"""Frames pending for a socket are bounded, stay in order, and leave in as few messages as possible."""

import json

import pytest

from backchannel.protocol.frame_batch import BATCH_BYTES, FrameBatch, batches_of
from backchannel.store.log import BATCH
from backchannel.transports.websocket.outbound import BYTES_BEHIND, FRAMES_BEHIND, Outbound


def one(frame: bytes) -> FrameBatch:
    return FrameBatch(frame, 1)


def many(count: int) -> FrameBatch:
    return FrameBatch(b",".join([b"1"] * count), count)


def deliver(outbound: Outbound, *batches: FrameBatch) -> bool:
    """All in one turn of the loop; whether the client may be so far behind."""
    is_within = [outbound.put(batch) for batch in batches]
    outbound.end_turn()
    return all(is_within)


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
    for _ in range(count + 1):
        assert deliver(outbound, one(b"x" * size))
    assert not deliver(outbound, one(b"x" * size))


def test_every_frame_of_a_batch_counts() -> None:
    outbound = Outbound()
    assert deliver(outbound, many(FRAMES_BEHIND + 1))
    assert not deliver(outbound, one(b"1"))


def test_what_one_turn_of_the_loop_brings_cuts_nobody_off_who_was_not_behind_before() -> None:
    outbound = Outbound()
    assert deliver(outbound, *[many(BATCH) for _ in range(3)])
    assert not deliver(outbound, one(b"1"))


def test_what_was_read_of_one_turn_counts_no_longer() -> None:
    outbound = Outbound()
    assert deliver(outbound, many(FRAMES_BEHIND))
    assert deliver(outbound, *[many(FRAMES_BEHIND) for _ in range(3)])
    while outbound:
        outbound.take()
    assert deliver(outbound, many(FRAMES_BEHIND + 1))
    assert not deliver(outbound, one(b"1"))


def test_a_turn_that_is_read_while_it_lasts_hides_nothing_that_waits() -> None:
    outbound = Outbound()
    outbound.put(many(FRAMES_BEHIND))
    outbound.take()
    outbound.put(many(FRAMES_BEHIND + 1))
    outbound.end_turn()
    assert not outbound.put(one(b"1"))


def test_a_catch_up_in_progress_does_not_count() -> None:
    outbound = Outbound()
    assert deliver(outbound, one(b"1"))
    outbound.put_catch_up(batches_of([b"x" * 2048] * 500))
    for _ in range(FRAMES_BEHIND + 1):
        assert deliver(outbound, one(b"1"))
    assert not deliver(outbound, one(b"1"))


def test_written_frames_no_longer_count() -> None:
    outbound = Outbound()
    outbound.put_catch_up(batches_of([b"0"] * 100))
    for _ in range(10):
        for _ in range(FRAMES_BEHIND):
            assert deliver(outbound, one(b"1"))
        everything(outbound)


def test_clear_drops_everything_pending() -> None:
    outbound = Outbound()
    outbound.put_catch_up([one(b"1")])
    outbound.put(one(b"2"))
    outbound.clear()
    assert not outbound
    assert outbound.put(one(b"3"))
    assert everything(outbound) == ["3"]
