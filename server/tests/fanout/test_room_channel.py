"""A subscriber that takes whole batches gets the same events as one that takes each event: in order, each once, until it leaves."""

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
    """A subscriber that takes batches while `takes_batches` is set, else single events. A `-1` in `received`: it left."""

    def __init__(self, user_id: int) -> None:
        self.user_id = user_id
        self.credential = self.proof = "c"
        self.is_socket = True
        self.takes_batches = True
        self.received: list[int] = []
        self.batches: list[FrameBatch] = []

    def sink(self, room_id: int) -> Any:
        return self.take if self.takes_batches else None

    def take(self, batch: FrameBatch) -> None:
        self.batches.append(batch)
        self.received += [int(frame) for frame in batch.inner.split(b",")]

    def room_event(self, room_id: int, seq: int, frame: bytes) -> None:
        self.received.append(int(frame))

    def joined(self, room_id: int, seq: int) -> None: ...
    def left(self, room_id: int) -> None:
        self.received.append(-1)

    def user_frame(self, version: int, frame: bytes) -> None: ...


class World:
    def __init__(self) -> None:
        async def read_nothing(_: object) -> dict[int, list[RoomEnvelope]]:
            return {}

        self.bus = MemoryBus()
        self.hub = Hub(
            self.bus,
            read_nothing,
            lambda: 0.0,
            self.flush_soon,
        )
        self.seq = 0

    def flush_soon(self) -> None:
        asyncio.get_running_loop().call_soon(self.hub.flush)

    def enter(self, *readers: Any) -> None:
        for reader in readers:
            self.hub.attach(reader)
            self.hub.enter(reader, ROOM, self.seq, 2)

    def detach(self, reader: Any) -> None:
        self.hub.detach(reader)

    def publish(self, count: int = 1, removed: tuple[int, ...] = (), padding: int = 0) -> None:
        for _ in range(count):
            self.seq += 1
            envelope = RoomEnvelope(ROOM, self.seq, b" " * padding + b"%d" % self.seq, removed)
            self.bus.publish(envelopes.room_topic(ROOM), envelopes.encode(envelope))

    def change_sink(self, reader: Any) -> None:
        self.hub.sinks_changed(reader)


async def let_loop_run() -> None:
    """Several iterations of the event loop: more than a small room needs to deliver everything."""
    for _ in range(3):
        await asyncio.sleep(0)


@pytest.fixture
async def world() -> World:
    world = World()
    await world.hub.start(lambda: None)
    return world


async def test_events_of_one_iteration_of_the_loop_are_one_batch_shared_by_all_subscribers(world: World) -> None:
    one, other = Reader(1), Reader(2)
    world.enter(one, other)
    world.publish(3)
    assert one.received == []
    await asyncio.sleep(0)
    assert one.received == other.received == [1, 2, 3]
    assert one.batches == other.batches
    assert len(one.batches) == 1
    assert one.batches[0] is other.batches[0]
    world.publish()
    await asyncio.sleep(0)
    assert one.batches[1].text == "4"


async def test_a_batch_does_not_exceed_its_limit(world: World) -> None:
    reader = Reader(1)
    world.enter(reader)
    world.publish(40, padding=9_000)
    await asyncio.sleep(0)
    assert reader.received == list(range(1, 41))
    assert 1 < len(reader.batches) < 10
    assert all(len(text.text) <= BATCH_BYTES for text in reader.batches)


async def test_a_new_subscriber_gets_no_event_that_was_pending_before(world: World) -> None:
    before, after = Reader(1), Reader(2)
    world.enter(before)
    world.publish(2)
    world.enter(after)
    assert before.received == [1, 2]
    world.publish()
    await asyncio.sleep(0)
    assert (before.received, after.received) == ([1, 2, 3], [3])


async def test_a_leaving_subscriber_gets_every_event_before_it_left_and_none_after(world: World) -> None:
    stays, leaves, removed, lost = Reader(1), Reader(2), Reader(3), Reader(4)
    world.enter(stays, leaves, removed, lost)
    world.publish(2)
    world.bus.publish(envelopes.user_topic(2), envelopes.encode(UserEnvelope(2, 9, b"{}", left=ROOM)))
    world.publish()
    world.publish(removed=(3,))
    world.detach(lost)
    world.publish()
    await asyncio.sleep(0)
    assert stays.received == [1, 2, 3, 4, 5]
    assert leaves.received == [1, 2, -1]
    assert removed.received == [1, 2, 3, -1]
    assert lost.received == [1, 2, 3, 4]


async def test_a_change_of_delivery_mode_neither_loses_nor_repeats_an_event(world: World) -> None:
    reader, other = Reader(1), Reader(2)
    world.enter(reader, other)
    for turn in range(6):
        world.publish(2)
        if turn % 3 == 2:
            await asyncio.sleep(0)
        reader.takes_batches = not reader.takes_batches
        world.change_sink(reader)
    world.publish()
    await asyncio.sleep(0)
    assert reader.received == other.received == list(range(1, 14))


async def test_a_large_room_is_served_in_slices_between_other_work_of_the_loop(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room_channel, "SLICE", 10)
    readers = [Reader(number) for number in range(35)]
    world.enter(*readers)
    world.publish(2)
    let_loop_run = 0
    while readers[-1].received != [1, 2]:
        await asyncio.sleep(0)
        let_loop_run += 1
        world.publish()  # published while the first slices are served
        assert let_loop_run < 10
    assert let_loop_run == 4
    for _ in range(20):
        await asyncio.sleep(0)
    assert all(reader.received == list(range(1, 7)) for reader in readers)


@pytest.mark.parametrize("seed", range(20))
async def test_subscribers_that_change_between_slices_keep_the_order_for_all(
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
                reader.takes_batches = chance.random() < 0.7
                inside[reader] = world.seq
                world.enter(reader)
            case 1 if inside:
                reader = chance.choice(list(inside))
                gone.append((reader, inside.pop(reader), world.seq))
                chance.choice((world.detach, lambda reader: world.hub.leave(reader, ROOM)))(reader)
            case 2 if inside:
                reader = chance.choice(list(inside))
                reader.takes_batches = not reader.takes_batches
                world.change_sink(reader)
            case 3:
                await asyncio.sleep(0)
            case _ if inside:
                world.publish(chance.randrange(1, 4))
    for _ in range(100):
        await asyncio.sleep(0)
    for reader, since in inside.items():
        assert reader.received == list(range(since + 1, world.seq + 1))
    for reader, since, until in gone:
        assert reader.received == list(range(since + 1, until + 1))


async def test_an_exception_in_one_sink_costs_no_other_subscriber_an_event(world: World) -> None:
    class Failing(Reader):
        def take(self, batch: FrameBatch) -> None:
            raise RuntimeError("a fault in a sink")

    readers = [Reader(1), Failing(2), Reader(3)]
    world.enter(*readers)
    for _ in range(3):
        world.publish()
        await let_loop_run()
    assert [reader.received for reader in readers] == [[1, 2, 3], [], [1, 2, 3]]
