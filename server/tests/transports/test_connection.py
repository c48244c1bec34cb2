"""The shell of a WebSocket, without a socket: how it carries out its session's effects and takes the hub's deliveries."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from backchannel.commands.announce_instance import announce_instance
from backchannel.evidence.evidence import no_evidence
from backchannel.fanout import envelopes
from backchannel.fanout.envelopes import RoomEnvelope
from backchannel.fanout.hub import Hub
from backchannel.fanout.memory import MemoryBus
from backchannel.protocol.frame_batch import AnswerBatch, FrameBatch
from backchannel.protocol.frames import ClientHello, ClientInfo, Resume
from backchannel.protocol.shapes import Limits, User
from backchannel.transports.rates import FRAME_BURST, Rates
from backchannel.transports.session import Settings
from backchannel.transports.session.effects import Effect
from backchannel.transports.session.inputs import Entered, EventsRead, PositionRead
from backchannel.transports.websocket.connection import COMMANDS_AT_ONCE, Connection

ROOM = 5


class Link:
    def __init__(self) -> None:
        self.batches: list[FrameBatch] = []
        self.answers: list[FrameBatch] = []
        self.closed: tuple[int, str] | None = None

    def send_soon(self, batch: FrameBatch) -> None:
        self.answers.append(batch)

    def send(self, batch: FrameBatch) -> None:
        self.batches.append(batch)

    def send_catch_up(self, batches: list[FrameBatch]) -> None:
        self.batches += batches

    def close(self, code: int, reason: str, *, drop: bool) -> None:
        self.closed = (code, reason)


class World:
    def __init__(self, hub: Hub, bus: MemoryBus) -> None:
        presence = SimpleNamespace(arrive=lambda *_: (), leave=lambda *_: None)
        self.context: Any = SimpleNamespace(clock=lambda: 0.0, bus=bus, presence=presence)
        self.bus = bus
        self.node: Any = SimpleNamespace(
            context=self.context,
            hub=hub,
            presence=presence,
            settings=Settings(),
            rates=Rates(Limits()),
            evidence=no_evidence(),
        )

    def connection(self, instance: str, opened_us: int, delivered: int = 3) -> tuple[Connection, Link]:
        """A connection that has caught up to event 3 of its room; the hub had delivered the events up to `delivered`."""
        me = User(1, "me", "Me")
        identity: Any = SimpleNamespace(
            user=me, user_id=me.id, credential="c", proof="c", via="cookie", expires_at=None
        )
        connection, link = Connection(identity, self.node), Link()
        connection.open(link)  # type: ignore[arg-type]
        session = connection.session
        hello = ClientHello(protocol=1, client=ClientInfo(instance=instance), resume=Resume("e", 1, {ROOM: 3}))
        session.frame(hello, 0.0, 0)
        session.on(PositionRead("e", 1, {ROOM: 3}, 0.0, opened_us))
        connection.announce(opened_us)
        session.on(Entered((), lambda _: delivered))
        self.node.hub.enter(connection, ROOM, delivered, 2)
        effects: list[Effect] = session.on(EventsRead({}, (), lambda _: delivered))
        connection._apply(effects)
        link.batches.clear()
        return connection, link

    def publish(self, seq: int) -> None:
        self.bus.publish(envelopes.room_topic(ROOM), envelopes.encode(RoomEnvelope(ROOM, seq, b"%d" % seq)))
        self.node.hub.flush()


@pytest.fixture
async def world() -> World:
    async def read_nothing(_: object) -> dict[int, list[RoomEnvelope]]:
        return {}

    bus = MemoryBus()
    hub = Hub(bus, read_nothing, lambda: 0.0, lambda: None)
    await hub.start(lambda: None)
    return World(hub, bus)


async def test_an_opened_socket_supersedes_only_older_ones_of_the_same_instance(world: World) -> None:
    (_, newer), (_, older), (_, other_tab) = (
        world.connection(*opened) for opened in (("tab", 6), ("tab", 4), ("b", 1))
    )
    announce_instance(world.context, 1, "tab", "elsewhere", 5)
    assert (older.closed, newer.closed, other_tab.closed) == ((4409, "superseded"), None, None)


async def test_a_socket_does_not_supersede_itself(world: World) -> None:
    connection, link = world.connection("tab", 4)
    connection.instance_opened("tab", connection.session_id, 4)
    connection.instance_opened("tab", connection.session_id, 5)
    assert link.closed is None


async def test_a_room_is_written_directly_once_the_client_has_caught_up_to_the_hub(world: World) -> None:
    connection, link = world.connection("tab", 1)
    assert connection.sink(ROOM) == link.send
    world.publish(4)
    assert [batch.inner for batch in link.batches] == [b"4"]


async def test_events_read_from_the_log_are_not_written_again_when_the_hub_delivers_them(world: World) -> None:
    """The catch-up has read up to 3; the hub delivers 2 and 3 afterwards."""
    connection, link = world.connection("tab", 1, delivered=1)
    assert connection.sink(ROOM) is None
    for seq in (2, 3, 4):
        world.publish(seq)
    assert [batch.inner for batch in link.batches] == [b"4"]
    assert connection.sink(ROOM) is None, "asking changes read_nothing"
    connection.tick(1.0)
    assert connection.sink(ROOM) == link.send
    world.publish(5)
    assert [batch.inner for batch in link.batches] == [b"4", b"5"]


async def test_a_joined_room_is_checked_event_by_event_until_the_next_tick(world: World) -> None:
    connection, link = world.connection("tab", 1)
    connection.joined(ROOM, 4)
    assert connection.sink(ROOM) is None
    world.publish(4)
    world.publish(5)
    assert [batch.inner for batch in link.batches] == [b"5"]
    connection.tick(1.0)
    assert connection.sink(ROOM) == link.send


async def test_whatever_answers_a_frame_of_the_client_is_sent_as_an_answer(world: World) -> None:
    """Answers do not count as being behind."""
    connection, link = world.connection("tab", 1)
    connection.message_received(b'{"type":"ping","id":"1"}', is_text=True)
    connection.message_received(b'{"type":"no_such_command","id":"2"}', is_text=True)
    connection._commands = COMMANDS_AT_ONCE
    connection.message_received(b'{"type":"get_rooms","id":"3"}', is_text=True)
    for _ in range(FRAME_BURST):
        world.node.rates.frame(1, 0.0)
    connection.message_received(b'{"type":"ping","id":"4"}', is_text=True)
    answers = [json.loads(batch.inner) for batch in link.answers]
    assert [(answer["type"], answer["id"]) for answer in answers] == [
        ("pong", "1"), ("error", "2"), ("error", "3"), ("error", "4")
    ]  # fmt: skip
    assert all(isinstance(batch, AnswerBatch) for batch in link.answers)
    assert link.batches == []
