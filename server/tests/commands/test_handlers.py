"""Every declared command has exactly one handler, and committed events are published in order."""

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
from backchannel.protocol.commands import COMMANDS, GetMe, GetPushKey, Ping, SendMessage
from backchannel.protocol.results import Empty
from backchannel.queries.registry import answers, answers_in_time
from backchannel.store.operation import Nothing
from backchannel.store.transaction import CommittedEvent, Outcome, UserUpdate


def test_every_command_has_exactly_one_handler() -> None:
    handled = [*commands.OPERATIONS, *commands.ACTIONS, *queries.HANDLERS, *queries.TIMED]
    declared = {declaration.struct for declaration in COMMANDS.values()} - {Ping}
    assert sorted(handled, key=str) == sorted(declared, key=str)


def test_two_handlers_for_one_command_fail_at_import() -> None:
    with pytest.raises(RuntimeError, match="SendMessage is carried out in two places"):
        executes(SendMessage)(Nothing)
    with pytest.raises(RuntimeError, match="GetMe is answered in two places"):
        answers(GetMe)(lambda *_: Empty())
    with pytest.raises(RuntimeError, match="GetMe is answered in two places"):
        answers_in_time(GetMe)(lambda *_: Empty())


def test_commands_that_change_state_are_operations_and_the_others_queries() -> None:
    for declaration in COMMANDS.values():
        # Whether this server sends push messages is in its settings, which queries do not see.
        if declaration.struct not in (Ping, GetPushKey):
            is_query = declaration.struct in queries.HANDLERS or declaration.struct in queries.TIMED
            assert is_query != declaration.changes_state, declaration.word


def test_message_ids_made_by_the_server_are_distinct_uuids_of_version_7_in_order() -> None:
    made = [new_message_id() for _ in range(1000)]
    assert len(set(made)) == 1000
    assert {(id_.version, id_.variant) for id_ in made} == {(7, RFC_4122)}
    assert [id_.int >> 80 for id_ in made] == sorted(id_.int >> 80 for id_ in made)


async def test_each_commit_is_published_to_the_room_first_and_then_to_users() -> None:
    received: dict[str, list[object]] = defaultdict(list)
    order: list[str] = []
    bus = MemoryBus()

    def receive(body: bytes) -> None:
        envelope = envelopes.decode(body)
        assert isinstance(envelope, RoomEnvelope | UserEnvelope)
        kind = "room" if isinstance(envelope, RoomEnvelope) else "user"
        order.append(kind)
        received[kind].append(envelope)

    await bus.start(receive, lambda: None)
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
    assert received["room"] == [RoomEnvelope(1, 1, b"1", (7,)), RoomEnvelope(1, 2, b"2", (7,))]
    assert received["user"] == [UserEnvelope(7, 1, b"t", (1, 1, 2)), UserEnvelope(7, 2, b"t", (1, 2, 2))]


async def test_a_refused_command_publishes_nothing() -> None:
    bus = MemoryBus()
    await bus.start(lambda body: (_ for _ in ()).throw(AssertionError(body)), lambda: None)
    bus.subscribe("room:1")
    publisher(bus)([Outcome()])
