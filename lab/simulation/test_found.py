"""Faults that the simulation found, each in its smallest form. Mutants put them back into whole worlds."""

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
        self.received: list[Any] = []

    def sink(self, room_id: int) -> None: ...

    def room_event(self, room_id: int, seq: int, frame: bytes) -> None:
        self.received.append((room_id, seq))

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


async def test_rejoin_survives_reordered_membership_updates(hub: Hub) -> None:
    me: Any = Listener()
    hub.attach(me)
    hub.set_rooms(me, 1, {3: (10, 2)})
    for body in (joined(3, 3, 12), left(2, 3), event(3, 11), event(3, 12), event(3, 13)):
        hub.deliver(body)
    assert me.received[-1] == (3, 13)


async def test_leaving_survives_reordered_membership_updates(hub: Hub) -> None:
    me: Any = Listener()
    hub.attach(me)
    hub.set_rooms(me, 1, {})
    for body in (left(3, 3), joined(2, 3, 11), event(3, 12), event(3, 13)):
        hub.deliver(body)
    assert me.received == []


async def test_a_removal_during_the_read_of_the_position_is_not_undone_by_it(hub: Hub) -> None:
    me: Any = Listener()
    hub.attach(me)
    hub.deliver(left(5, 3))
    hub.set_rooms(me, 4, {3: (10, 2), 4: (1, 2)})
    assert hub.rooms_of(me) == {4}


class LateBus(MemoryBus):
    """Subscriptions are in force only after `in_force` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.in_force = asyncio.Event()

    async def wait_subscribed(self) -> None:
        await self.in_force.wait()


async def test_the_position_is_read_only_after_the_user_topic_is_subscribed() -> None:
    """A user who left between the read and the subscription would keep receiving the room's events."""

    async def nothing(_: object) -> dict[int, list[RoomEnvelope]]:
        return {}

    bus, me = LateBus(), Listener()
    hub = Hub(bus, nothing, lambda: 0.0, lambda: None)
    await hub.start(lambda: None)
    hub.attach(me)  # type: ignore[arg-type]
    node: Any = SimpleNamespace(hub=hub)  # without a read pool: a read now fails
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


def test_a_room_is_reset_to_the_head_that_its_next_events_follow() -> None:
    """Between the read of the heads and the subscription, the hub delivered two more events to others."""
    session = Session("s", User(ME, "me", "Me"), Settings(Limits(catch_up_events=3)), 0.0)
    session.frame(ClientHello(protocol=1, resume=Resume("e", 1, {3: 1})), 0.0, 0)
    session.on(PositionRead("e", 1, {3: 8}, 0.0, 0))
    session.on(Entered((), {3: 10}.__getitem__))
    [send, *_] = session.on(EventsRead({}, (), {3: 10}.__getitem__))
    assert isinstance(send, Send)
    assert b'{"type":"room_reset","room_id":3,"seq":10}' in send.frames


def test_a_lost_invitation_is_repaired_though_later_updates_arrived() -> None:
    session = live_session()
    assert session.user_frame(3, b"an invitation to the room of version 2")
    session.observe_version(3, 10.0, 5.0)
    assert session.observe_version(3, 15.0, 5.0) == [ReadList()]


def test_reordered_updates_need_no_repair() -> None:
    session = live_session()
    session.user_frame(3, b"")
    session.user_frame(2, b"")
    session.observe_version(3, 10.0, 5.0)
    assert session.observe_version(3, 15.0, 5.0) == []
