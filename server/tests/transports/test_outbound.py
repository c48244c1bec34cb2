"""What waits to be written to one socket is bounded, in order, and leaves in as few messages as it can."""

import asyncio
import json

import pytest

from backchannel.transports.websocket.outbound import BYTES_BEHIND, FRAMES_BEHIND, MESSAGE_BYTES, Outbound


async def everything(outbound: Outbound) -> list[str]:
    outbound.stop(drop=False)
    texts = []
    while (text := await outbound.wait_text()) is not None:
        texts.append(text)
    return texts


def frames(texts: list[str]) -> list[object]:
    read = [json.loads(text) for text in texts]
    return [frame for message in read for frame in (message if isinstance(message, list) else [message])]


async def test_one_frame_leaves_by_itself_and_several_as_an_array() -> None:
    outbound = Outbound()
    outbound.put(b'{"a":1}')
    assert await outbound.wait_text() == '{"a":1}'
    for number in range(3):
        outbound.put(b"%d" % number)
    assert await outbound.wait_text() == "[0,1,2]"


async def test_whoever_waits_gets_it_as_soon_as_it_is_there() -> None:
    outbound = Outbound()
    waiting = asyncio.ensure_future(outbound.wait_text())
    await asyncio.sleep(0)
    outbound.put(b"1")
    assert await waiting == "1"


async def test_a_message_is_closed_before_it_grows_too_large() -> None:
    outbound = Outbound()
    outbound.put_catch_up([b'"' + b"x" * 10_000 + b'"' for _ in range(30)] + [b'"' + b"y" * MESSAGE_BYTES + b'"'])
    texts = await everything(outbound)
    assert len(frames(texts)) == 31
    assert all(len(text) <= MESSAGE_BYTES for text in texts[:-1])
    assert len(texts) < 10


@pytest.mark.parametrize(
    ("frame", "count"), [(b"1", FRAMES_BEHIND), (b"x" * 1024, BYTES_BEHIND // 1024), (b"x" * BYTES_BEHIND, 1)]
)
async def test_a_reader_may_be_just_so_far_behind(frame: bytes, count: int) -> None:
    outbound = Outbound()
    assert all(outbound.put(frame) for _ in range(count))
    assert not outbound.put(frame)


async def test_a_catch_up_does_not_count_as_long_as_it_lasts() -> None:
    outbound = Outbound()
    outbound.put_catch_up([b"x" * 2048] * 500)
    assert all(outbound.put(b"1") for _ in range(FRAMES_BEHIND))
    assert not outbound.put(b"1")


async def test_what_was_written_makes_room() -> None:
    outbound = Outbound()
    outbound.put_catch_up([b"0"] * 100)
    for _ in range(10):
        for _ in range(FRAMES_BEHIND):
            assert outbound.put(b"1")
        while outbound._frames:
            await outbound.wait_text()


async def test_at_the_end_what_waits_is_written_unless_it_is_worth_nothing_any_more() -> None:
    for drop, expected in ((False, ["[1,2]"]), (True, [])):
        outbound = Outbound()
        outbound.put(b"1")
        outbound.put(b"2")
        outbound.stop(drop=drop)
        assert await everything(outbound) == expected
