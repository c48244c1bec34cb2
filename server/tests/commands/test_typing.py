"""A typing notice is broadcast at most every three seconds for each person and room; the end of typing, at once."""

import msgspec
import pytest

from backchannel.commands.context import Caller, Context
from backchannel.commands.last_typing import EVERY_S, LastTyping
from backchannel.commands.typing import typing
from backchannel.fanout import envelopes
from backchannel.fanout.envelopes import EphemeralEnvelope
from backchannel.fanout.memory import MemoryBus
from backchannel.fanout.presence import Presence
from backchannel.protocol.commands import Typing
from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.shapes import User
from backchannel.store.log import Log
from tests.reading import READS
from tests.store.making import person, room


class World:
    def __init__(self, bus: MemoryBus) -> None:
        self.now = 100.0
        self.received: list[tuple[int, bool]] = []
        self.context = Context(Log(lambda _: None), READS, bus, Presence("here"), lambda: self.now)

    def receive(self, body: bytes) -> None:
        envelope = envelopes.decode(body)
        assert isinstance(envelope, EphemeralEnvelope)
        frame = msgspec.json.decode(envelope.frame)
        assert envelope.by == frame["user_id"]
        self.received.append((frame["user_id"], frame["active"]))

    async def send_typing(self, who: User, room_id: int, active: bool) -> None:
        await typing(Typing(room_id=room_id, active=active), Caller(who), self.context)


@pytest.fixture(scope="module")
def people(module_database: None) -> tuple[User, User, int]:
    ada, ben = person(), person()
    return ada, ben, room(ada, ben)


@pytest.fixture(scope="module")
def stranger(module_database: None) -> User:
    return person("stranger")


@pytest.fixture
async def world(people: tuple[User, User, int]) -> World:
    bus = MemoryBus()
    world = World(bus)
    await bus.start(world.receive, lambda: None)
    bus.subscribe(envelopes.room_topic(people[2]))
    return world


async def test_repeated_typing_is_broadcast_every_three_seconds(world: World, people: tuple[User, User, int]) -> None:
    ada, ben, room_id = people
    for _ in range(3):
        await world.send_typing(ada, room_id, True)
        world.now += EVERY_S / 3 - 0.01
    await world.send_typing(ben, room_id, True)
    assert world.received == [(ada.id, True), (ben.id, True)]
    world.now += 0.1
    await world.send_typing(ada, room_id, True)
    assert world.received[2:] == [(ada.id, True)]


async def test_the_end_of_typing_is_broadcast_once_and_only_after_typing(
    world: World, people: tuple[User, User, int]
) -> None:
    ada, _, room_id = people
    await world.send_typing(ada, room_id, False)
    assert world.received == []
    await world.send_typing(ada, room_id, True)
    await world.send_typing(ada, room_id, False)
    await world.send_typing(ada, room_id, False)
    await world.send_typing(ada, room_id, True)
    assert world.received == [(ada.id, True), (ada.id, False)]


async def test_typing_in_a_room_without_being_a_member_is_refused_and_not_broadcast(
    world: World, people: tuple[User, User, int], stranger: User
) -> None:
    with pytest.raises(CommandError) as caught:
        await world.send_typing(stranger, people[2], True)
    assert caught.value.code is Code.NOT_A_MEMBER
    assert world.received == []


def test_the_memory_of_recent_typing_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backchannel.commands.last_typing.REMEMBERED", 2)
    last = LastTyping()
    for number in range(5):
        assert last.is_news(number, number, active=True, now=0.0)
        assert len(last._last) <= 2
