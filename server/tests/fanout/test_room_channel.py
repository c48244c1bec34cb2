"""Who takes texts as they are hears the same as who looks at each event: in order, once each, up to the moment they leave."""

import asyncio
from random import Random
from typing import Any

import pytest

from backchannel.fanout import envelopes, room_channel
from backchannel.fanout.envelopes import RoomEnvelope, UserEnvelope
from backchannel.fanout.hub import Hub
from backchannel.fanout.memory import MemoryBus
from backchannel.protocol.frame_batch import BATCH_BYTES, FrameBatch

ROOM = 5


class Reader:
    """A subscriber that can be told to take texts, or to look at events."""

    def __init__(self, user_id: int) -> None:
        self.user_id = user_id
        self.credential = self.proof = "c"
        self.is_socket = True
        self.takes_texts = True
        self.heard: list[int] = []
        self.texts: list[FrameBatch] = []

    def sink(self, room_id: int) -> Any:
        return self.take if self.takes_texts else None

    def take(self, text: FrameBatch) -> None:
        self.texts.append(text)
        self.heard += [int(frame) for frame in text.inner.split(b",")]

    def room_event(self, room_id: int, seq: int, frame: bytes) -> None:
        self.heard.append(int(frame))

    def joined(self, room_id: int, seq: int) -> None: ...
    def left(self, room_id: int) -> None:
        self.heard.append(-1)

    def user_frame(self, version: int, frame: bytes) -> None: ...


class World:
    def __init__(self) -> None:
        async def nothing(_: object) -> dict[int, list[RoomEnvelope]]:
            return {}

        self.bus = MemoryBus()
        self.hub = Hub(
            self.bus,
            nothing,
            lambda: 0.0,
        )
        self.seq = 0

    def enter(self, *readers: Any) -> None:
        for reader in readers:
            self.hub.attach(reader)
            self.hub.enter(reader, ROOM, self.seq, 2)

    def tell(self, count: int = 1, removed: tuple[int, ...] = (), padding: int = 0) -> None:
        for _ in range(count):
            self.seq += 1
            envelope = RoomEnvelope(ROOM, self.seq, b" " * padding + b"%d" % self.seq, removed)
            self.bus.publish(envelopes.room_topic(ROOM), envelopes.encode(envelope))

    def rewire(self, reader: Any) -> None:
        self.hub.sinks_changed(reader)


async def turns() -> None:
    """More of them than a room needs that waits for nothing."""
    for _ in range(3):
        await asyncio.sleep(0)


@pytest.fixture
async def world() -> World:
    world = World()
    await world.hub.start(lambda: None)
    return world


async def test_events_of_one_turn_of_the_loop_leave_as_one_batch_shared_by_all(world: World) -> None:
    one, other = Reader(1), Reader(2)
    world.enter(one, other)
    world.tell(3)
    assert one.heard == []
    await asyncio.sleep(0)
    assert one.heard == other.heard == [1, 2, 3]
    assert one.texts == other.texts
    assert len(one.texts) == 1
    assert one.texts[0] is other.texts[0]
    world.tell()
    await asyncio.sleep(0)
    assert one.texts[1].text == "4"


async def test_a_batch_does_not_exceed_its_limit(world: World) -> None:
    reader = Reader(1)
    world.enter(reader)
    world.tell(40, padding=9_000)
    await asyncio.sleep(0)
    assert reader.heard == list(range(1, 41))
    assert 1 < len(reader.texts) < 10
    assert all(len(text.text) <= BATCH_BYTES for text in reader.texts)


async def test_a_new_subscriber_gets_nothing_that_was_pending(world: World) -> None:
    before, after = Reader(1), Reader(2)
    world.enter(before)
    world.tell(2)
    world.enter(after)
    assert before.heard == [1, 2]
    world.tell()
    await asyncio.sleep(0)
    assert (before.heard, after.heard) == ([1, 2, 3], [3])


async def test_a_leaving_subscriber_gets_everything_until_then_and_nothing_after(world: World) -> None:
    stays, leaves, removed, lost = Reader(1), Reader(2), Reader(3), Reader(4)
    world.enter(stays, leaves, removed, lost)
    world.tell(2)
    world.bus.publish(envelopes.user_topic(2), envelopes.encode(UserEnvelope(2, 9, b"{}", left=ROOM)))
    world.tell()
    world.tell(removed=(3,))
    world.hub.detach(lost)
    world.tell()
    await asyncio.sleep(0)
    assert stays.heard == [1, 2, 3, 4, 5]
    assert leaves.heard == [1, 2, -1]
    assert removed.heard == [1, 2, 3, -1]
    assert lost.heard == [1, 2, 3, 4]


async def test_a_change_of_delivery_mode_loses_and_doubles_nothing(world: World) -> None:
    reader, other = Reader(1), Reader(2)
    world.enter(reader, other)
    for turn in range(6):
        world.tell(2)
        if turn % 3 == 2:
            await asyncio.sleep(0)
        reader.takes_texts = not reader.takes_texts
        world.rewire(reader)
    world.tell()
    await asyncio.sleep(0)
    assert reader.heard == other.heard == list(range(1, 14))


async def test_a_large_room_is_served_in_slices_between_other_work_of_the_loop(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room_channel, "SLICE", 10)
    readers = [Reader(number) for number in range(35)]
    world.enter(*readers)
    world.tell(2)
    turns = 0
    while readers[-1].heard != [1, 2]:
        await asyncio.sleep(0)
        turns += 1
        world.tell()  # meanwhile
        assert turns < 10
    assert turns == 4
    for _ in range(20):
        await asyncio.sleep(0)
    assert all(reader.heard == list(range(1, 7)) for reader in readers)


@pytest.mark.parametrize("seed", range(20))
async def test_changes_between_slices_keep_the_order_for_everybody(
    world: World, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room_channel, "SLICE", 3)
    chance = Random(seed)
    inside: dict[Reader, int] = {}
    gone: list[tuple[Reader, int, int]] = []
    for number in range(200):
        match chance.randrange(8):
            case 0:
                reader = Reader(number)
                reader.takes_texts = chance.random() < 0.7
                inside[reader] = world.seq
                world.enter(reader)
            case 1 if inside:
                reader = chance.choice(list(inside))
                gone.append((reader, inside.pop(reader), world.seq))
                chance.choice((world.hub.detach, lambda reader: world.hub.leave(reader, ROOM)))(reader)
            case 2 if inside:
                reader = chance.choice(list(inside))
                reader.takes_texts = not reader.takes_texts
                world.rewire(reader)
            case 3:
                await asyncio.sleep(0)
            case _ if inside:
                world.tell(chance.randrange(1, 4))
    for _ in range(100):
        await asyncio.sleep(0)
    for reader, since in inside.items():
        assert reader.heard == list(range(since + 1, world.seq + 1))
    for reader, since, until in gone:
        assert reader.heard == list(range(since + 1, until + 1))


async def test_a_subscriber_that_fails_costs_no_other_subscriber_and_no_other_room_an_event(world: World) -> None:
    class Failing(Reader):
        def take(self, text: FrameBatch) -> None:
            raise RuntimeError("a fault in a sink")

    readers = [Reader(1), Failing(2), Reader(3)]
    world.enter(*readers)
    for _ in range(3):
        world.tell()
        await turns()
    assert [reader.heard for reader in readers] == [[1, 2, 3], [], [1, 2, 3]]
