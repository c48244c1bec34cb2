"""That somebody types is passed on at most once in three seconds; that they stopped, at once."""

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
        self.heard: list[tuple[int, bool]] = []
        self.context = Context(Log(lambda _: None), READS, bus, Presence("here"), lambda: self.now)

    def hear(self, body: bytes) -> None:
        envelope = envelopes.decode(body)
        assert isinstance(envelope, EphemeralEnvelope)
        frame = msgspec.json.decode(envelope.frame)
        assert envelope.by == frame["user_id"]
        self.heard.append((frame["user_id"], frame["active"]))

    async def say(self, who: User, room_id: int, active: bool) -> None:
        await typing(Typing(room_id=room_id, active=active), Caller(who), self.context)


@pytest.fixture(scope="module")
def people(module_database: None) -> tuple[User, User, int]:
    ada, ben = person(), person()
    return ada, ben, room(ada, ben)


@pytest.fixture
async def world(people: tuple[User, User, int]) -> World:
    bus = MemoryBus()
    world = World(bus)
    await bus.start(world.hear, lambda: None)
    bus.subscribe(envelopes.room_topic(people[2]))
    return world


async def test_once_in_three_seconds_is_passed_on(world: World, people: tuple[User, User, int]) -> None:
    ada, ben, room_id = people
    for _ in range(3):
        await world.say(ada, room_id, True)
        world.now += EVERY_S / 3 - 0.01
    await world.say(ben, room_id, True)
    assert world.heard == [(ada.id, True), (ben.id, True)]
    world.now += 0.1
    await world.say(ada, room_id, True)
    assert world.heard[2:] == [(ada.id, True)]


async def test_that_somebody_stopped_is_passed_on_once_and_only_after_they_typed(
    world: World, people: tuple[User, User, int]
) -> None:
    ada, _, room_id = people
    await world.say(ada, room_id, False)
    assert world.heard == []
    await world.say(ada, room_id, True)
    await world.say(ada, room_id, False)
    await world.say(ada, room_id, False)
    await world.say(ada, room_id, True)
    assert world.heard == [(ada.id, True), (ada.id, False)]


async def test_who_is_not_in_the_room_types_to_nobody(world: World, people: tuple[User, User, int]) -> None:
    with pytest.raises(CommandError) as caught:
        await world.say(User(10**6, "x", "X"), people[2], True)
    assert caught.value.code is Code.NOT_A_MEMBER
    assert world.heard == []


def test_what_is_remembered_of_who_types_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backchannel.commands.last_typing.REMEMBERED", 2)
    last = LastTyping()
    for number in range(5):
        assert last.is_news(number, number, active=True, now=0.0)
        assert len(last._last) <= 2
