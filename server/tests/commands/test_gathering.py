"""Large rooms gather while what was accepted is being committed; nothing else waits, and no room for long. On a virtual clock."""

import asyncio
import heapq
import json
from collections.abc import Callable
from functools import partial
from itertools import count
from random import Random
from typing import Any

import pytest

from backchannel.commands.delivery import GATHER_AT_MOST_S, GATHER_EACH_S, LARGE, Delivery
from backchannel.commands.publish import publisher
from backchannel.fanout import envelopes, room_channel
from backchannel.fanout.envelopes import RoomEnvelope
from backchannel.fanout.hub import Hub
from backchannel.fanout.memory import MemoryBus
from backchannel.protocol.frame_batch import AnswerBatch, FrameBatch
from backchannel.protocol.shapes import User
from backchannel.store.log import Job
from backchannel.store.operation import Nothing
from backchannel.store.transaction import CommittedEvent, Outcome

BIG, SMALL = 5, 6
TURN_S = 1e-6
"""Time for a few turns of the loop, shorter than any room gathers."""


class Timer:
    def __init__(self, callback: Callable[[], object]) -> None:
        self.callback = callback
        self.is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True


class Loop:
    """An event loop on a virtual clock: calls in the order in which they are due."""

    def __init__(self) -> None:
        self.now = 0.0
        self._timers: list[tuple[float, int, Timer]] = []
        self._numbers = count()

    def call_soon(self, callback: Callable[..., object], *given: Any) -> Timer:
        return self.call_later(0.0, callback, *given)

    def call_later(self, seconds: float, callback: Callable[..., object], *given: Any) -> Timer:
        timer = Timer(partial(callback, *given))
        heapq.heappush(self._timers, (self.now + seconds, next(self._numbers), timer))
        return timer

    def run(self, seconds: float) -> None:
        until = self.now + seconds
        asyncio._set_running_loop(self)  # type: ignore[arg-type]
        try:
            while self._timers and self._timers[0][0] <= until:
                self.now, _, timer = heapq.heappop(self._timers)
                if not timer.is_cancelled:
                    timer.callback()
        finally:
            asyncio._set_running_loop(None)
        self.now = until


class Socket:
    """A subscriber that holds an answer back until its next write, as a link does. Each write is a list of frames."""

    is_socket = True

    def __init__(self, user_id: int) -> None:
        self.user_id = user_id
        self.writes: list[list[Any]] = []
        self._held: list[bytes] = []

    def sink(self, _: int) -> Any:
        return self.send

    def send_soon(self, batch: FrameBatch) -> None:
        self._held.append(batch.inner)

    def send(self, batch: FrameBatch) -> None:
        self.writes.append(json.loads(b"[%b]" % b",".join([*self._held, batch.inner])))
        self._held = []

    @property
    def frames(self) -> list[Any]:
        return [frame for write in self.writes for frame in write]


class World:
    """A hub and its delivery, and the counts of a log."""

    def __init__(self, large: int = LARGE, small: int = 2) -> None:
        async def nothing(_: object) -> dict[int, list[Any]]:
            return {}

        self.accepted = self.handed_over = 0
        self.loop = Loop()
        self.bus = MemoryBus()
        self.delivery = Delivery(publisher(self.bus))
        self.hub = Hub(self.bus, nothing, lambda: self.loop.now, self.delivery.flush_soon)
        self.delivery.connect(self.hub.flush, lambda: (self.accepted, self.handed_over))
        self.sockets = {BIG: [Socket(number) for number in range(large)], SMALL: []}
        self.seqs = {BIG: 0, SMALL: 0}
        start = self.hub.start(lambda: None)
        with pytest.raises(StopIteration):
            start.send(None)
        for socket in self.sockets[BIG]:
            self.enter(socket, BIG)
        for number in range(small):
            self.sockets[SMALL].append(Socket(10_000 + number))
            self.enter(self.sockets[SMALL][-1], SMALL)

    def enter(self, socket: Any, room: int) -> None:
        self.hub.attach(socket)
        self.hub.enter(socket, room, self.seqs[room], 2)

    def commit(self, *rooms: int, answer: Callable[[Outcome], None] = lambda _: None, more: int) -> None:
        """An operation with one event for each of the rooms is committed; `more` are under way then."""

        def hand_over() -> None:
            self.handed_over += 1
            self.accepted = max(self.accepted, self.handed_over + more)
            self.delivery([Job(Nothing(actor=User(1, "a", "A")), answer, Outcome(events=events))])

        events = [CommittedEvent(room, self._next(room), b"%d" % self.seqs[room]) for room in rooms]
        self.loop.call_soon(hand_over)

    def arrive(self, room: int) -> None:
        """An event of another node arrives."""
        envelope = RoomEnvelope(room, self._next(room), b"%d" % self.seqs[room], ())
        self.loop.call_soon(self.bus.publish, envelopes.room_topic(room), envelopes.encode(envelope))

    def _next(self, room: int) -> int:
        self.seqs[room] += 1
        return self.seqs[room]

    def run(self, seconds: float = TURN_S) -> None:
        self.loop.run(seconds)

    def writes(self, room: int = BIG) -> list[list[Any]]:
        """The same to every socket of the room."""
        first, *others = self.sockets[room]
        assert all(other.writes == first.writes for other in others)
        return first.writes


def test_a_large_room_gathers_until_what_was_accepted_is_committed() -> None:
    world = World()
    world.commit(BIG, more=2)
    world.run()
    world.commit(BIG, BIG, more=1)
    world.run()
    assert world.writes() == []
    world.commit(BIG, more=0)
    world.run()
    assert world.writes() == [[1, 2, 3, 4]]


def test_a_steady_stream_does_not_prolong_the_gathering() -> None:
    world = World()
    for _ in range(6):
        world.commit(BIG, more=1)
        world.run()
    assert world.writes() == [[1, 2], [3, 4], [5, 6]]


def test_nothing_waits_where_nothing_more_is_being_committed() -> None:
    world = World()
    world.commit(BIG, SMALL, more=0)
    world.run()
    assert world.writes(BIG) == world.writes(SMALL) == [[1]]


@pytest.mark.parametrize("large", [LARGE, 400, 3000])
def test_a_large_room_gathers_no_longer_than_it_takes_to_write_to_it(large: int) -> None:
    world = World(large)
    bound = min(GATHER_AT_MOST_S, large * GATHER_EACH_S)
    world.commit(BIG, more=9)
    world.run(bound * 0.4)
    world.commit(BIG, more=8)
    world.run(bound * 0.4)
    assert world.writes() == []
    world.run(bound * 0.3)
    assert world.writes() == [[1, 2]]


def test_a_room_that_has_gathered_once_gathers_again() -> None:
    world = World()
    for seq in (1, 3):
        world.commit(BIG, more=1)
        world.run()
        world.commit(BIG, more=0)
        world.run()
        assert world.writes()[-1] == [seq, seq + 1]


def test_in_a_small_room_the_answer_and_the_senders_own_event_stay_one_write_while_more_is_committed() -> None:
    world = World()
    sender = world.sockets[SMALL][0]
    world.commit(BIG, SMALL, answer=lambda _: sender.send_soon(AnswerBatch(b'"ack"', 1)), more=1)
    world.run()
    assert sender.writes == [["ack", 1]]
    assert world.writes(BIG) == []


def test_an_answer_does_not_wait_for_the_large_room_it_was_sent_to() -> None:
    world = World()
    answered: list[Outcome] = []
    world.commit(BIG, answer=answered.append, more=1)
    world.run()
    assert len(answered) == 1
    assert world.writes() == []


def test_a_small_room_and_another_nodes_event_do_not_end_the_gathering() -> None:
    world = World()
    world.commit(BIG, more=1)
    world.run()
    world.arrive(SMALL)
    world.arrive(BIG)
    world.run()
    assert world.writes(SMALL) == [[1]]
    assert world.writes(BIG) == []
    world.commit(more=0)
    world.run()
    assert world.writes(BIG) == [[1, 2]]


def test_a_batch_written_to_a_part_of_a_room_is_written_to_the_rest_while_more_is_committed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(room_channel, "SLICE", 100)
    world = World()

    def another_commit_begins(_: object) -> None:
        world.accepted += 1
        world.arrive(BIG)

    world.delivery.observe(another_commit_begins)
    world.commit(BIG, more=0)
    world.run()
    assert world.writes() == [[1]]


def test_a_commit_that_fails_ends_the_gathering() -> None:
    world = World()
    world.commit(BIG, more=1)
    world.run()
    world.commit(more=0)
    world.run()
    assert world.writes() == [[1]]


@pytest.mark.parametrize("seed", range(30))
def test_whatever_gathers_every_socket_gets_every_event_once_in_order_and_in_time(seed: int) -> None:
    world, chance = World(), Random(seed)
    bound = LARGE * 2 * GATHER_EACH_S
    joined = {socket: 0 for room in world.sockets.values() for socket in room}
    left: list[tuple[Socket, int, int]] = []
    for number in range(100):
        match chance.randrange(6):
            case 0:
                world.run()
                world.arrive(chance.choice((BIG, SMALL)))
            case 1:
                world.run()
                socket = Socket(20_000 + number)
                world.sockets[BIG].append(socket)
                joined[socket] = world.seqs[BIG]
                world.loop.call_soon(world.enter, socket, BIG)
            case 2:
                world.run()
                socket = world.sockets[BIG].pop(chance.randrange(len(world.sockets[BIG])))
                left.append((socket, joined[socket], world.seqs[BIG]))
                world.loop.call_soon(world.hub.detach, socket)
            case _:
                world.commit(*chance.choices((BIG, SMALL), k=chance.randrange(4)), more=chance.choice((0, 1, 1, 2)))
        if chance.random() < 0.5:
            world.run(chance.choice((TURN_S, bound / 3, bound)))
            if world.accepted == world.handed_over:
                assert world.sockets[BIG][0].frames[-1:] in ([], [world.seqs[BIG]])
    world.run(bound)
    for room in (BIG, SMALL):
        for socket in world.sockets[room]:
            assert socket.frames == list(range(joined[socket] + 1, world.seqs[room] + 1))
    assert all(socket.frames == list(range(first + 1, last + 1)) for socket, first, last in left)
