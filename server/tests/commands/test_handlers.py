"""Every declared command has its handler, and what is committed is told in order."""

from collections import defaultdict
from uuid import RFC_4122

import pytest

from backchannel import commands, queries
from backchannel.commands.publish import publisher
from backchannel.commands.registry import executes
from backchannel.commands.send_message import new_message_id
from backchannel.fanout import envelopes
from backchannel.fanout.envelopes import RoomEnvelope, UserEnvelope
from backchannel.fanout.memory import MemoryBus
from backchannel.protocol.commands import COMMANDS, GetMe, Ping, SendMessage
from backchannel.protocol.results import Empty
from backchannel.queries.registry import answers
from backchannel.store.operation import Nothing
from backchannel.store.transaction import CommittedEvent, Outcome, UserUpdate


def test_every_command_has_exactly_one_handler() -> None:
    handled = [*commands.OPERATIONS, *commands.ACTIONS, *queries.HANDLERS]
    declared = {declaration.struct for declaration in COMMANDS.values()} - {Ping}
    assert sorted(handled, key=str) == sorted(declared, key=str)


def test_a_command_that_is_carried_out_in_two_places_stops_the_start() -> None:
    with pytest.raises(RuntimeError, match="SendMessage is carried out in two places"):
        executes(SendMessage)(Nothing)
    with pytest.raises(RuntimeError, match="GetMe is answered in two places"):
        answers(GetMe)(lambda *_: Empty())


def test_what_only_reads_is_a_query_and_what_changes_something_a_command() -> None:
    for declaration in COMMANDS.values():
        if declaration.struct is not Ping:
            assert (declaration.struct not in queries.HANDLERS) == declaration.changes_state, declaration.word


def test_a_servers_own_message_ids_are_version_7_and_differ() -> None:
    made = [new_message_id() for _ in range(1000)]
    assert len(set(made)) == 1000
    assert {(id_.version, id_.variant) for id_ in made} == {(7, RFC_4122)}
    assert [id_.int >> 80 for id_ in made] == sorted(id_.int >> 80 for id_ in made)


async def test_what_is_committed_is_told_room_first_then_people_in_order() -> None:
    heard: dict[str, list[object]] = defaultdict(list)
    order: list[str] = []
    bus = MemoryBus()

    def hear(body: bytes) -> None:
        envelope = envelopes.decode(body)
        assert isinstance(envelope, RoomEnvelope | UserEnvelope)
        kind = "room" if isinstance(envelope, RoomEnvelope) else "user"
        order.append(kind)
        heard[kind].append(envelope)

    await bus.start(hear, lambda: None)
    for topic in ("room:1", "user:7"):
        bus.subscribe(topic)
    outcomes = [
        Outcome(
            events=[CommittedEvent(1, seq, b"%d" % seq, (7,))], updates=[UserUpdate(7, seq, b"t", (1, seq, 2), None)]
        )
        for seq in (1, 2)
    ]
    publisher(bus)(outcomes)
    assert order == ["room", "user", "room", "user"]
    assert heard["room"] == [RoomEnvelope(1, 1, b"1", (7,)), RoomEnvelope(1, 2, b"2", (7,))]
    assert heard["user"] == [UserEnvelope(7, 1, b"t", (1, 1, 2)), UserEnvelope(7, 2, b"t", (1, 2, 2))]


async def test_who_is_refused_tells_nobody() -> None:
    bus = MemoryBus()
    await bus.start(lambda body: (_ for _ in ()).throw(AssertionError(body)), lambda: None)
    bus.subscribe("room:1")
    publisher(bus)([Outcome()])
