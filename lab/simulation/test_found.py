"""What the simulation found, each as small as it can be told. The mutants bring it back in the large."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from backchannel.fanout import envelopes
from backchannel.fanout.envelopes import RoomEnvelope, UserEnvelope
from backchannel.fanout.hub import Hub
from backchannel.fanout.memory import MemoryBus
from backchannel.protocol.frames import ClientHello, Resume
from backchannel.protocol.shapes import Limits, User
from backchannel.transports.session import Session, Settings
from backchannel.transports.session.effects import ReadList, ReadPosition, Send
from backchannel.transports.session.inputs import Entered, EventsRead, PositionRead
from backchannel.transports.session_reads import SessionReads

ME = 7


class Listener:
    """A socket of user 7, as the hub sees it."""

    user_id, credential, is_socket = ME, "c", True

    def __init__(self) -> None:
        self.heard: list[Any] = []

    def sink(self, room_id: int) -> None: ...

    def room_event(self, room_id: int, seq: int, frame: bytes) -> None:
        self.heard.append((room_id, seq))

    def joined(self, room_id: int, seq: int) -> None: ...
    def left(self, room_id: int) -> None: ...
    def user_frame(self, version: int, frame: bytes) -> None: ...


@pytest.fixture
async def hub() -> Hub:
    async def nothing(_: object) -> dict[int, list[RoomEnvelope]]:
        return {}

    hub = Hub(MemoryBus(), nothing, lambda: 0.0, lambda: None)
    await hub.start(lambda: None)
    return hub


def joined(version: int, room: int, seq: int) -> bytes:
    return envelopes.encode(UserEnvelope(ME, version, b"{}", joined=(room, seq, 2)))


def left(version: int, room: int) -> bytes:
    return envelopes.encode(UserEnvelope(ME, version, b"{}", left=room))


def event(room: int, seq: int) -> bytes:
    return envelopes.encode(RoomEnvelope(room, seq, b"{}"))


async def test_who_left_and_came_back_hears_the_room_even_where_the_news_comes_the_other_way_round(hub: Hub) -> None:
    me: Any = Listener()
    hub.attach(me)
    hub.set_rooms(me, 1, {3: (10, 2)})
    for body in (joined(3, 3, 12), left(2, 3), event(3, 11), event(3, 12), event(3, 13)):
        hub.deliver(body)
    assert me.heard[-1] == (3, 13)


async def test_who_came_and_left_hears_nothing_where_the_news_comes_the_other_way_round(hub: Hub) -> None:
    me: Any = Listener()
    hub.attach(me)
    hub.set_rooms(me, 1, {})
    for body in (left(3, 3), joined(2, 3, 11), event(3, 12), event(3, 13)):
        hub.deliver(body)
    assert me.heard == []


async def test_who_is_removed_while_their_place_is_read_is_not_let_in_by_it(hub: Hub) -> None:
    me: Any = Listener()
    hub.attach(me)
    hub.deliver(left(5, 3))
    hub.set_rooms(me, 4, {3: (10, 2), 4: (1, 2)})
    assert hub.rooms_of(me) == {4}


class LateBus(MemoryBus):
    """What is wished for is in force only when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.in_force = asyncio.Event()

    async def wait_subscribed(self) -> None:
        await self.in_force.wait()


async def test_where_somebody_stands_is_read_only_when_what_moves_them_is_heard() -> None:
    """Who left between the reading and the hearing would listen on to what they are out of."""

    async def nothing(_: object) -> dict[int, list[RoomEnvelope]]:
        return {}

    bus, me = LateBus(), Listener()
    hub = Hub(bus, nothing, lambda: 0.0, lambda: None)
    await hub.start(lambda: None)
    hub.attach(me)  # type: ignore[arg-type]
    node: Any = SimpleNamespace(hub=hub)  # with nothing to read by: whoever reads now fails
    reading = asyncio.ensure_future(SessionReads(node, me).read(ReadPosition(())))  # type: ignore[arg-type]
    for _ in range(5):
        await asyncio.sleep(0)
    assert not reading.done()
    bus.in_force.set()
    with pytest.raises(AttributeError):
        await reading


def live_session() -> Session:
    session = Session("s", User(ME, "me", "Me"), Settings(), 0.0)
    session.frame(ClientHello(protocol=1, resume=Resume("e", 1, {})), 0.0, 0)
    session.on(PositionRead("e", 1, {}, 0.0, 0))
    session.on(Entered((), lambda _: 0))
    session.on(EventsRead({}, (), lambda _: 0))
    return session


def test_a_room_that_is_reset_is_reset_to_where_its_events_go_on() -> None:
    """Between the reading of the heads and the listening, the hub told others of two more events."""
    session = Session("s", User(ME, "me", "Me"), Settings(Limits(catch_up_events=3)), 0.0)
    session.frame(ClientHello(protocol=1, resume=Resume("e", 1, {3: 1})), 0.0, 0)
    session.on(PositionRead("e", 1, {3: 8}, 0.0, 0))
    session.on(Entered((), {3: 10}.__getitem__))
    [send, *_] = session.on(EventsRead({}, (), {3: 10}.__getitem__))
    assert isinstance(send, Send)
    assert b'{"type":"room_reset","room_id":3,"seq":10}' in send.frames


def test_a_room_whose_news_was_lost_is_asked_for_though_later_news_arrived() -> None:
    session = live_session()
    assert session.user_frame(3, b"an invitation to the room that version 2 told of")
    session.observe_version(3, 10.0, 5.0)
    assert session.observe_version(3, 15.0, 5.0) == [ReadList()]


def test_news_that_came_in_another_order_is_not_asked_for() -> None:
    session = live_session()
    session.user_frame(3, b"")
    session.user_frame(2, b"")
    session.observe_version(3, 10.0, 5.0)
    assert session.observe_version(3, 15.0, 5.0) == []
