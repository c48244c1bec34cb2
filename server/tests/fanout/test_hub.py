"""However the bus loses, repeats or reorders envelopes, subscribers get a room's events in order, each once, none missing."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from backchannel.fanout import envelopes, room_channel
from backchannel.fanout.envelopes import (
    EphemeralEnvelope,
    InstanceEnvelope,
    PresenceEnvelope,
    RevocationEnvelope,
    RoomEnvelope,
    UserEnvelope,
    UserEphemeralEnvelope,
)
from backchannel.fanout.hub import Hub
from backchannel.fanout.memory import MemoryBus
from backchannel.protocol.errors import CloseCode
from backchannel.protocol.shapes import User

ROOM = 5


@dataclass(eq=False)
class Listener:
    """A subscriber that records what it is sent."""

    user_id: int = 1
    credential: str = "session:1"
    proof: str = "proof"
    is_socket: bool = True
    events: list[int] = field(default_factory=list)
    frames: list[Any] = field(default_factory=list)
    ended: list[CloseCode] = field(default_factory=list)
    versions: list[int] = field(default_factory=list)
    opened_elsewhere: list[tuple[str, str, int]] = field(default_factory=list)

    def sink(self, room_id: int) -> None: ...

    def room_event(self, room_id: int, seq: int, frame: bytes) -> None:
        assert frame == b"%d" % seq
        self.events.append(seq)

    def user_frame(self, version: int, frame: bytes) -> None:
        self.frames.append(version)

    def ephemeral_frames(self, frames: Sequence[bytes]) -> None:
        self.frames.append(list(frames))

    def joined(self, room_id: int, seq: int) -> None:
        self.frames.append(("joined", room_id, seq))

    def left(self, room_id: int) -> None:
        self.frames.append(("left", room_id))

    def person_changed(self, user: User) -> None:
        self.frames.append(user)

    def instance_opened(self, instance: str, session_id: str, opened_us: int) -> None:
        self.opened_elsewhere.append((instance, session_id, opened_us))

    def observe_version(self, version: int) -> None:
        self.versions.append(version)

    def end(self, code: CloseCode, reason: str) -> None:
        self.ended.append(code)

    def tick(self, now: float) -> None: ...

    def say(self, frame: bytes) -> None: ...


@dataclass
class Log:
    """The log that the hub repairs from; `head` can be ahead of what was published."""

    head: int = 0
    reads: list[Mapping[int, int]] = field(default_factory=list)
    broken: bool = False
    removed: dict[int, tuple[int, ...]] = field(default_factory=dict)

    async def read(self, cursors: Mapping[int, int]) -> dict[int, list[RoomEnvelope]]:
        self.reads.append(dict(cursors))
        await asyncio.sleep(0)
        if self.broken:
            raise ConnectionError("the database is away")
        return {
            room: [self.envelope(seq) for seq in range(cursor + 1, self.head + 1)] for room, cursor in cursors.items()
        }

    def envelope(self, seq: int) -> RoomEnvelope:
        self.head = max(self.head, seq)
        return RoomEnvelope(ROOM, seq, b"%d" % seq, self.removed.get(seq, ()))


class World:
    def __init__(self) -> None:
        self.log = Log()
        self.bus = MemoryBus()
        self.now = 0.0
        self.ended: list[RevocationEnvelope] = []
        self.presence: list[PresenceEnvelope] = []
        self.hub = Hub(self.bus, self.log.read, lambda: self.now, self.flush_soon, repair_after_s=0, repair_retry_s=0)
        self.hub.handle(RevocationEnvelope, self.ended.append)
        self.hub.handle(PresenceEnvelope, self.presence.append)

    def flush_soon(self) -> None:
        asyncio.get_running_loop().call_soon(self.hub.flush)

    def enter(self, *listeners: Listener, head: int = 0) -> None:
        for listener in listeners:
            self.hub.attach(listener)
            self.hub.enter(listener, ROOM, head, 2)

    def publish_events(self, *seqs: int) -> None:
        for seq in seqs:
            self.publish(self.log.envelope(seq))

    def publish(self, envelope: RoomEnvelope) -> None:
        self.bus.publish(envelopes.room_topic(envelope.room_id), envelopes.encode(envelope))

    def publish_to_user(self, user_id: int, version: int, **change: Any) -> None:
        self.bus.publish(
            envelopes.user_topic(user_id), envelopes.encode(UserEnvelope(user_id, version, b"{}", **change))
        )

    async def wait_until_repaired(self) -> None:
        """Wait until no repair is running."""
        while repairs := list(self.hub._repairs.tasks.values()):
            await asyncio.wait(repairs)


@pytest.fixture
async def world() -> World:
    world = World()
    await world.hub.start(lambda: None)
    return world


async def test_events_are_delivered_in_order_each_once(world: World) -> None:
    one, other = Listener(1), Listener(2)
    world.enter(one, other)
    world.publish_events(1, 2, 2, 1, 3)
    assert one.events == other.events == [1, 2, 3]
    assert world.log.reads == []


async def test_an_event_out_of_order_waits_for_the_earlier_ones(world: World) -> None:
    listener = Listener()
    world.enter(listener)
    world.log.head = 4
    world.publish_events(2, 4)
    assert listener.events == []
    world.publish_events(1)
    assert listener.events == [1, 2]
    world.publish_events(3)
    assert listener.events == [1, 2, 3, 4]


async def test_a_lost_event_is_read_from_the_log(world: World) -> None:
    listener = Listener()
    world.enter(listener)
    world.publish_events(1, 4)
    await world.wait_until_repaired()
    assert listener.events == [1, 2, 3, 4]
    assert world.log.reads[0] == {ROOM: 1}


async def test_a_lost_last_event_is_found_by_comparing_heads(world: World) -> None:
    listener = Listener()
    world.enter(listener)
    world.publish_events(1)
    world.log.head = 3
    world.hub.observe_heads({ROOM: 1, 99: 7})
    await world.wait_until_repaired()
    assert listener.events == [1]
    world.hub.observe_heads({ROOM: 3})
    await world.wait_until_repaired()
    assert listener.events == [1, 2, 3]


async def test_a_repair_retries_until_the_database_answers(world: World) -> None:
    listener = Listener()
    world.enter(listener)
    world.log.broken = True
    world.publish_events(3)
    for _ in range(50):
        await asyncio.sleep(0)
    assert len(world.log.reads) > 2
    assert listener.events == []
    world.log.broken = False
    await world.wait_until_repaired()
    assert listener.events == [1, 2, 3]


async def test_an_event_lost_as_a_repair_ends_starts_another_repair(world: World) -> None:
    listener = Listener()
    world.enter(listener)
    for lost in range(2, 60, 2):
        world.publish_events(lost)
        for _ in range(lost % 5):
            await asyncio.sleep(0)
    await world.wait_until_repaired()
    assert listener.events == list(range(1, 59))


async def test_events_beyond_the_stash_are_read_from_the_log(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room_channel, "STASH_LENGTH", 5)
    listener = Listener()
    world.enter(listener)
    world.publish_events(*range(2, 50))
    assert len(world.hub._rooms[ROOM]._stash) == 5
    await world.wait_until_repaired()
    assert listener.events == list(range(1, 50))


@pytest.mark.parametrize("seed", range(20))
async def test_a_bus_that_loses_repeats_and_reorders_envelopes_does_not_change_the_result(
    world: World, seed: int
) -> None:
    chance = Random(seed)
    listeners = [Listener(number) for number in range(3)]
    world.enter(listeners[0])
    published = list(range(1, 101))
    late: list[int] = []
    for seq in published:
        fate = chance.random()
        if fate < 0.1:
            world.log.head = seq  # lost on the bus
        elif fate < 0.2:
            world.log.head = seq
            late.append(seq)
        else:
            world.publish_events(*([seq] * chance.choice((1, 1, 1, 2))))
        if late and chance.random() < 0.3:
            world.publish_events(late.pop(chance.randrange(len(late))))
        if chance.random() < 0.3:
            await asyncio.sleep(0)
        if seq in (40, 70):
            world.enter(listeners[seq // 35], head=world.log.head)
    world.hub.observe_heads({ROOM: world.log.head})
    await world.wait_until_repaired()
    assert listeners[0].events == published
    for listener in listeners[1:]:  # entered in the middle: events without a gap from the channel's head at that time
        assert listener.events == list(range(listener.events[0], 101))


async def test_a_new_subscriber_gets_events_after_the_channels_head(world: World) -> None:
    first, second = Listener(1), Listener(2)
    world.enter(first, head=3)
    world.publish_events(4)
    world.enter(second, head=3)
    world.publish_events(5)
    assert (first.events, second.events) == ([4, 5], [5])
    assert world.hub.head_of(ROOM) == 5


async def test_a_removed_user_gets_neither_the_removal_nor_later_events(world: World) -> None:
    stays, goes, also_goes = Listener(1), Listener(2), Listener(2)
    world.enter(stays, goes, also_goes)
    world.log.removed = {2: (2,)}
    world.publish_events(1, 2, 3)
    assert stays.events == [1, 2, 3]
    for listener in (goes, also_goes):
        assert listener.events == [1]
        assert listener.frames == [("left", ROOM)]
        assert world.hub.rooms_of(listener) == set()


async def test_a_lost_removal_is_applied_before_later_events(world: World) -> None:
    stays, goes = Listener(1), Listener(2)
    world.enter(stays, goes)
    world.log.removed = {2: (2,)}
    world.publish_events(1, 4)
    await world.wait_until_repaired()
    assert (stays.events, goes.events) == ([1, 2, 3, 4], [1])


async def test_a_delayed_removal_does_not_end_a_later_membership(world: World) -> None:
    stays, returns = Listener(1), Listener(2)
    world.enter(stays, returns)
    world.log.removed = {2: (2,)}
    world.publish_events(1)
    world.log.head = 3
    world.publish_to_user(2, 2, left=ROOM)
    world.publish_to_user(2, 3, joined=(ROOM, 3, 2))
    world.publish_events(4)  # the room's events of both changes were lost, and are read now
    await world.wait_until_repaired()
    assert stays.events == [1, 2, 3, 4]
    assert returns.events[-1] == 4
    world.publish_events(5)
    assert returns.events[-1] == 5


async def test_a_delayed_join_does_not_undo_a_later_removal(world: World) -> None:
    stays, went = Listener(1), Listener(2)
    world.enter(stays)
    world.hub.attach(went)
    world.log.removed = {3: (2,)}
    world.publish_events(1, 2, 3)
    world.publish_to_user(2, 2, joined=(ROOM, 2, 2))
    world.hub.set_rooms(went, 2, {ROOM: (2, 2)})
    world.publish_events(4)
    assert (stays.events, went.events) == ([1, 2, 3, 4], [])
    world.publish_to_user(2, 4, joined=(ROOM, 5, 2))
    world.publish_events(5, 6)
    assert went.events == [5, 6]


async def test_the_later_of_two_membership_changes_wins_in_any_order(world: World) -> None:
    listener = Listener(1)
    world.hub.attach(listener)
    world.publish_to_user(1, 3, joined=(ROOM, 3, 2))
    world.publish_to_user(1, 2, left=ROOM)
    assert world.hub.rooms_of(listener) == {ROOM}
    world.publish_to_user(1, 5, left=ROOM)
    world.publish_to_user(1, 4, joined=(ROOM, 4, 2))
    assert world.hub.rooms_of(listener) == set()


async def test_rooms_read_earlier_do_not_undo_later_membership_changes(world: World) -> None:
    listener = Listener(1)
    world.hub.attach(listener)
    world.publish_to_user(1, 8, joined=(ROOM, 3, 2))
    world.publish_to_user(1, 9, left=6)
    world.hub.set_rooms(listener, 7, {6: (10, 2), 7: (1, 2)})
    assert world.hub.rooms_of(listener) == {ROOM, 7}
    world.hub.set_rooms(listener, 9, {6: (10, 2)})
    assert world.hub.rooms_of(listener) == {6}


async def test_user_frames_reach_all_subscribers_of_that_user_and_nobody_else(world: World) -> None:
    tab, phone, other = Listener(1), Listener(1), Listener(2)
    for listener in (tab, phone, other):
        world.hub.attach(listener)
    world.publish_to_user(1, 2)
    assert (tab.frames, phone.frames, other.frames) == ([2], [2], [])
    assert world.hub.subscribers_of(1) == [tab, phone]


async def test_ephemeral_frames_reach_the_subscribers_of_a_room_except_their_author(world: World) -> None:
    me, mate, stranger = Listener(1), Listener(2), Listener(3)
    world.enter(me, mate)
    world.hub.attach(stranger)
    world.bus.publish(envelopes.room_topic(ROOM), envelopes.encode(EphemeralEnvelope(ROOM, 1, b"typing")))
    assert (me.frames, mate.frames, stranger.frames) == ([], [[b"typing"]], [])
    world.hub.enter(mate, 6, 0, 2)
    world.hub.pass_on(1, [ROOM, 6, 99], b"presence")
    assert mate.frames == [[b"typing"], [b"presence"]]


async def test_an_ephemeral_frame_for_one_user_reaches_all_their_clients_and_nobody_else(world: World) -> None:
    tab, phone, mate = Listener(1), Listener(1), Listener(2)
    world.enter(tab, phone, mate)
    world.bus.publish(envelopes.user_topic(1), envelopes.encode(UserEphemeralEnvelope(1, b"question")))
    assert (tab.frames, phone.frames, mate.frames) == ([[b"question"]], [[b"question"]], [])


async def test_topics_without_subscribers_are_unsubscribed(world: World) -> None:
    listener = Listener(1)
    world.enter(listener)
    assert set(world.bus._topics) == {envelopes.EVERYBODY, envelopes.room_topic(ROOM), envelopes.user_topic(1)}
    world.hub.detach(listener)
    world.hub.detach(listener)
    assert set(world.bus._topics) == {envelopes.EVERYBODY}
    world.hub.enter(listener, ROOM, 0, 2)
    world.hub.leave(listener, ROOM)
    assert set(world.bus._topics) == {envelopes.EVERYBODY}
    assert not world.hub.served_rooms
    assert not world.hub.served_users


async def test_a_room_without_subscribers_is_not_repaired(world: World) -> None:
    listener = Listener()
    world.enter(listener)
    world.publish_events(3)
    world.hub.detach(listener)
    await world.wait_until_repaired()
    assert listener.events == []


async def test_heads_moved_since_a_time_include_those_moved_at_that_time(world: World) -> None:
    listener = Listener()
    world.enter(listener, head=3)
    assert world.hub.heads_moved_since(listener, 0.5) == {}
    world.now = 1.0
    world.publish_events(4)
    assert world.hub.heads_moved_since(listener, 1.0) == {ROOM: 4}
    assert world.hub.heads_moved_since(listener, 1.5) == {}


async def test_a_revoked_credential_closes_its_subscribers(world: World) -> None:
    dead, alive = Listener(1, "token:1"), Listener(1, "token:2")
    world.hub.attach(dead)
    world.hub.attach(alive)
    world.hub.end_credentials({"token:1"})
    assert (dead.ended, alive.ended) == ([CloseCode.SESSION_OVER], [])


async def test_a_proof_that_ended_closes_what_it_let_in_and_no_other_of_that_name(world: World) -> None:
    dead, alive = Listener(1, "card:1", proof="by one class"), Listener(1, "card:1", proof="by another class")
    world.hub.attach(dead)
    world.hub.attach(alive)
    world.hub.end_proofs({"by one class"})
    assert (dead.ended, alive.ended) == ([CloseCode.SESSION_OVER], [])


async def test_other_envelopes_go_to_the_handler_of_their_type(world: World) -> None:
    ended = RevocationEnvelope(credential="token:1")
    world.bus.publish(envelopes.EVERYBODY, envelopes.encode(ended))
    assert world.ended == [ended]


async def test_a_list_version_read_from_the_database_reaches_all_subscribers_of_the_user(world: World) -> None:
    tab, phone = Listener(1), Listener(1)
    world.hub.attach(tab)
    world.hub.attach(phone)
    world.hub.observe_versions({1: 9, 2: 3})
    assert tab.versions == phone.versions == [9]


async def test_small_rooms_are_those_with_at_most_a_given_number_of_members(world: World) -> None:
    me, mate = Listener(1), Listener(2)
    world.enter(me, mate)
    world.hub.enter(me, 6, 0, 500)
    assert world.hub.small_rooms_of(me, 100) == (ROOM,)
    assert world.hub.people_in([ROOM]) == {1, 2}


async def test_a_user_is_in_a_room_while_one_of_their_subscribers_is(world: World) -> None:
    tab, phone, mate = Listener(1), Listener(1), Listener(2)
    world.enter(tab, mate)
    assert world.hub.people_in([ROOM]) == {1, 2}
    world.enter(phone)
    world.hub.detach(tab)
    assert world.hub.people_in([ROOM]) == {1, 2}
    world.hub.leave(phone, ROOM)
    assert world.hub.people_in([ROOM]) == {2}
    world.hub.enter(phone, ROOM, 0, 3)
    assert world.hub.people_in([ROOM]) == {1, 2}


async def test_a_socket_opened_on_another_node_is_announced_to_all_subscribers_of_the_user(world: World) -> None:
    mine, other_tab, stranger = Listener(1), Listener(1), Listener(2)
    world.enter(mine, other_tab, stranger)
    world.bus.publish(envelopes.user_topic(1), envelopes.encode(InstanceEnvelope(1, "tab", "elsewhere", 5)))
    opened = ("tab", "elsewhere", 5)
    assert [each.opened_elsewhere for each in (mine, other_tab, stranger)] == [[opened], [opened], []]
