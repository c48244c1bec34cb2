"""Whatever happens while a session catches up, its client gets each room's log once, in order and without a gap. It is delivered no event
from a time when its user was not a member; it reads from that time what a member may read.

The session is the real one, and the client is the reference client. Around them are a database in dictionaries, a hub that delivers commits
in order after any delay, and a shell whose reads begin and end at random times.

Unweighted, random runs hardly ever complete a catch-up, so the rules are weighted: a link lasts for a number of reads drawn when it opens, and what
takes several steps (coming back to a room, falling far behind) is one rule. `REACHED` names what every block of examples must meet.

Over 300 lines because the world around the session is one state machine: database, hub and shell act on each other.
"""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

import msgspec
import pytest
from hypothesis import seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from backchannel.protocol.codec import encode
from backchannel.protocol.events import (
    MemberJoined,
    MemberLeft,
    MessageCreated,
    ReadStateChanged,
    RoomAdded,
    RoomRemoved,
)
from backchannel.protocol.frames import ClientHello, Resume
from backchannel.protocol.results import RoomList
from backchannel.protocol.shapes import Limits, Message, Room, User
from backchannel.transports.session import Session, Settings, State
from backchannel.transports.session.effects import (
    Answer,
    Close,
    Effect,
    Enter,
    Follow,
    ReadEvents,
    ReadList,
    ReadPosition,
    Send,
)
from backchannel.transports.session.inputs import Entered, EventsRead, Followed, ListRead, PositionRead
from tests.reference.replica import ROOM_EVENTS, Replica

ROOMS = (1, 2, 3)
ME = User(7, "me", "Me")
SOMEBODY = User(8, "somebody", "Somebody")
AT = "2026-11-30T12:00:00Z"
CATCH_UP_EVENTS = 12
"""Small, so that random runs often exceed it."""

BLOCKS = 2
EXAMPLES = 250
"""In each block."""
REACHED = (
    "caught up",
    "caught up from the log",
    "caught up from the list",
    "room reset",
    "resumed in another epoch",
    "resumed ahead of the log",
    "joined while it caught up",
    "left while it caught up",
    "came back while it caught up",
    "written to while it caught up",
    "came back while away",
    "the link broke while it caught up",
)


@dataclass
class _RoomFact:
    room_id: int
    seq: int
    frame: bytes
    removed: bool = False


@dataclass
class _UserFact:
    version: int
    frame: bytes
    joined: tuple[int, int] | None = None
    left: int | None = None


@dataclass
class _Database:
    logs: dict[int, list[bytes]] = field(default_factory=lambda: {room: [] for room in ROOMS})
    mine: set[int] = field(default_factory=set)
    version: int = 1
    epoch: str = "epoch 1"
    is_mine: dict[int, list[bool]] = field(default_factory=lambda: {room: [] for room in ROOMS})
    """For each event of a room: was the user in it, before and after?"""
    bus: deque[_RoomFact | _UserFact] = field(default_factory=deque)

    def head(self, room_id: int) -> int:
        return len(self.logs[room_id])

    def log(self, room_id: int, event: type[Any], *, removed: bool = False) -> int:
        """Append an event by somebody, and publish it."""
        seq = self.head(room_id) + 1
        numbers: dict[str, Any] = {"room_id": room_id, "seq": seq, "at": AT}
        if event is MessageCreated:
            id_ = UUID(int=room_id << 64 | seq)
            message = Message(id_, room_id, seq, seq, SOMEBODY, "text", None, AT, None, False, [], [], [])
            frame = encode(MessageCreated(**numbers, message=message))
        else:
            frame = encode(event(**numbers, user=ME, by=ME))
        self.logs[room_id].append(frame)
        self.is_mine[room_id].append(room_id in self.mine and not removed)
        self.bus.append(_RoomFact(room_id, seq, frame, removed))
        return seq

    def notify(self, make: Any, **change: Any) -> None:
        self.version += 1
        self.bus.append(_UserFact(self.version, encode(make(self.version)), **change))

    def room(self, room_id: int) -> Room:
        return Room(room_id, "group", None, "", self.head(room_id), 0, 0, 0, 1, [], "member", None)

    def position(self) -> PositionRead:
        return PositionRead(self.epoch, self.version, {room: self.head(room) for room in self.mine}, 0.0, 0)

    def room_list(self) -> RoomList:
        return RoomList([self.room(room) for room in sorted(self.mine)], "", self.version, self.epoch)

    def restore(self, lost: int) -> None:
        """A backup becomes the database, under a new epoch: up to `lost` messages at the end of each log are gone, and what was not
        delivered yet."""
        self.epoch = f"epoch {int(self.epoch.split()[1]) + 1}"
        self.bus.clear()
        for log, is_mine in zip(self.logs.values(), self.is_mine.values(), strict=True):
            for _ in range(lost):
                if log and json.loads(log[-1])["type"] == "message_created":
                    log.pop()
                    is_mine.pop()

    def events(self, cursors: Any) -> dict[int, list[tuple[int, bytes]]]:
        return {room: list(enumerate(self.logs[room], 1))[cursor:] for room, cursor in cursors.items()}


class _Client:
    """The reference client, with a check of every frame that it receives."""

    def __init__(self, database: _Database, replica: Replica, reached: Counter[str]) -> None:
        self.database = database
        self.replica = replica
        self.reached_cases = reached
        self.was_reset: set[int] = set()
        """Rooms that were reset, or came back, until the first event after that: what happened meanwhile is in what a client loads."""
        self.was_away: set[int] = set()
        """Rooms that the user was not in when the position was read. If the list names one, the client fills its gap by itself."""
        self.readable: dict[int, int] = {}
        """Room → a seq at which the user was a member, who may read everything up to it, also of an earlier absence."""
        self.types: list[str] = []

    @property
    def resume(self) -> Resume | None:
        resume = self.replica.resume()
        return None if resume is None else msgspec.json.decode(msgspec.json.encode(resume), type=Resume)

    def receive(self, text: bytes) -> None:
        frame = json.loads(text)
        self.types.append(frame["type"])
        match frame["type"]:
            case "hello":
                assert self.types == ["hello"]
            case "caught_up":
                assert self.types.count("caught_up") == 1
                self.reached_cases["caught up"] += 1
            case "room_reset":
                self.reached_cases["room reset"] += 1
                self.was_reset.add(frame["room_id"])
            case "room_list":
                held = self.replica.rooms
                behind = {
                    row["id"] for row in frame["rooms"] if row["id"] in held and held[row["id"]].cursor < row["seq"]
                }
                self.was_reset |= behind & self.was_away
            case "room_added" | "room_removed" | "read_state":
                assert frame["user_version"] == self.replica.version + 1, "not the next version"
            case kind if kind in ROOM_EVENTS:
                self._check_event(frame["room_id"], frame["seq"], text)
        self.replica.receive(frame)

    def reached(self) -> dict[int, int]:
        """Room → the seq up to which the client has its events. A room that was reset is loaded as of now."""
        head = self.database.head
        return {id_: head(id_) if id_ in self.was_reset else held.cursor for id_, held in self.replica.rooms.items()}

    def _check_event(self, room_id: int, seq: int, text: bytes) -> None:
        was_mine = self.database.is_mine[room_id][seq - 1]
        assert was_mine or seq <= self.readable.get(room_id, 0), "the user was not in the room then"
        held = self.replica.rooms.get(room_id)
        if held is None or seq <= held.cursor:
            return  # dropped by the cursor rule: it came before, or the list no longer has the room
        if seq > held.cursor + 1 and room_id not in self.database.mine:
            # What lies between was read, and not sent, since the user had left by then. That they left is still to be delivered.
            self.was_reset.add(room_id)
            return
        if room_id in self.was_reset:
            self.was_reset.remove(room_id)
            for missed in self.database.logs[room_id][held.cursor : seq - 1]:
                self.replica.receive(json.loads(missed))
        assert seq == held.cursor + 1, "not the next one"
        assert text == self.database.logs[room_id][seq - 1]


class SessionMachine(RuleBasedStateMachine):
    def __init__(self, reached: Counter[str]) -> None:
        """`reached` counts what the examples met."""
        super().__init__()
        self.reached = reached
        self.database = _Database()
        self.client = _Client(self.database, Replica(ME.id), reached)
        self.session: Session | None = None
        self.channels = dict.fromkeys(ROOMS, 0)
        """The heads the hub has delivered: a subscriber other than this session is in every room."""
        self.entered: dict[int, int] = {}
        """The rooms the hub has entered this session in, each with a seq at which the user was in it."""
        self.moved: dict[int, int] = {}
        self.left_at: dict[int, int] = {}
        """Room → the seq of the last event delivered that ended the user's membership."""
        self.reading: Literal["position", "list", "listed", "events", "seats", "done"] | None = None
        self.wanted: ReadEvents | None = None
        self.found: Any = None
        self.breaks_after = 0
        """How many more steps of reading the link lasts, at least."""
        self.saved: list[Replica] = []
        """What the client held when earlier links broke."""

    @initialize(
        mine=st.sets(st.sampled_from(ROOMS), min_size=1),
        events=st.integers(0, 20),
        was_here=st.sampled_from([True, True, True, False]),
    )
    def begin(self, mine: set[int], events: int, was_here: bool) -> None:
        """`was_here`: the client has caught up once, and can resume."""
        self.database.mine = mine
        for _ in range(events):
            self.database.log(1, MessageCreated)
        self._deliver_all()
        if was_here:
            self._connect(Replica(ME.id))
            while self.reading:
                self._read_on()
            self._break()

    # -- what other people and devices do

    @rule(room_id=st.sampled_from(ROOMS), count=st.integers(1, 4) | st.integers(8, CATCH_UP_EVENTS + 4))
    def another_member_writes(self, room_id: int, count: int) -> None:
        if room_id in self.database.mine:
            self._note_while_reading("written to")
        for _ in range(count):
            self.database.log(room_id, MessageCreated)

    @rule(room_id=st.sampled_from(ROOMS))
    def the_user_joins_or_leaves(self, room_id: int) -> None:
        self._note_while_reading("left" if room_id in self.database.mine else "joined")
        if room_id in self.database.mine:
            self.database.log(room_id, MemberLeft, removed=True)
            self.database.mine.remove(room_id)
            self.database.notify(
                lambda version: RoomRemoved(user_version=version, room_id=room_id, reason="left"), left=room_id
            )
        else:
            seq = self.database.log(room_id, MemberJoined)
            self.database.mine.add(room_id)
            room = self.database.room(room_id)
            self.database.notify(lambda version: RoomAdded(user_version=version, room=room), joined=(room_id, seq))

    @precondition(lambda self: self.database.mine)
    @rule(number=st.integers(0, 2), missed=st.integers(0, 3), delivered=st.integers(0, 4))
    def the_user_leaves_and_comes_back(self, number: int, missed: int, delivered: int) -> None:
        """Messages are `missed` in between; the hub has delivered some of it before the return."""
        room_id = sorted(self.database.mine)[number % len(self.database.mine)]
        self.the_user_joins_or_leaves(room_id)
        for _ in range(missed):
            self.database.log(room_id, MessageCreated)
        for _ in range(min(delivered, len(self.database.bus))):
            self._deliver(self.database.bus.popleft())
        self.the_user_joins_or_leaves(room_id)
        self._note_while_reading("came back")
        if self.session is None:
            self.reached["came back while away"] += 1

    @precondition(lambda self: self.may_break and self.database.epoch == "epoch 1")
    @rule(lost=st.integers(0, 3))
    def a_backup_is_restored(self, lost: int) -> None:
        if self.session is not None:
            self._break()
        self.database.restore(lost)
        self.left_at = {}
        self.channels = {room_id: self.database.head(room_id) for room_id in ROOMS}

    @rule(room_id=st.sampled_from(ROOMS))
    def the_user_reads_on_another_device(self, room_id: int) -> None:
        self.database.notify(
            lambda version: ReadStateChanged(
                user_version=version, room_id=room_id, seq=0, read_seq=0, unread_count=0, mention_count=0
            )
        )

    @precondition(lambda self: self.database.bus)
    @rule(count=st.integers(1, 6))
    def the_hub_delivers(self, count: int) -> None:
        for _ in range(min(count, len(self.database.bus))):
            self._deliver(self.database.bus.popleft())

    # -- the connection

    @precondition(lambda self: self.session is None)
    @rule(
        which=st.sampled_from(["none", "present", "present", "older", "older", "ahead"]),
        number=st.integers(0, 20),
        missed=st.sampled_from([0, 1, 3, CATCH_UP_EVENTS + 2]),
        breaks_after=st.sampled_from([0, 2, 4, 6, 6, 6]),
    )
    def connect(self, which: str, number: int, missed: int, breaks_after: int) -> None:
        """`missed`: messages written in one of the user's rooms since the client was there."""
        for room_id in sorted(self.database.mine)[:1]:
            for _ in range(missed):
                self.database.log(room_id, MessageCreated)
        replica = self.client.replica.copy()
        if which == "none":
            replica = Replica(ME.id)
        elif which == "older" and self.saved:
            replica = self.saved[number % len(self.saved)].copy()
        elif which == "ahead":
            for held in replica.rooms.values():
                held.cursor += 1000
        if replica.resume() is not None:
            self.reached["resumed in another epoch"] += replica.epoch != self.database.epoch
            self.reached["resumed ahead of the log"] += which == "ahead" and bool(replica.rooms)
        self.breaks_after = breaks_after
        self._connect(replica)

    def _connect(self, replica: Replica) -> None:
        self.client = _Client(self.database, replica, self.reached)
        settings_ = Settings(Limits(catch_up_events=CATCH_UP_EVENTS))
        self.session = Session("s", ME, settings_, 0.0)
        self.entered, self.moved = {}, {}
        self._do(self.session.frame(ClientHello(protocol=1, resume=self.client.resume), 0.0, 0))

    @precondition(lambda self: self.reading)
    @rule(steps=st.sampled_from([1, 1, 2, 3, 6]))
    def the_read_goes_on(self, steps: int) -> None:
        for _ in range(steps):
            if self.reading:
                self._read_on()

    def _read_on(self) -> None:
        assert self.session is not None
        self.breaks_after -= 1
        match self.reading:
            case "position" if self.found is None:
                self.found = self.database.position()
            case "position":
                self.position, self.found = self.found, None
                self.client.was_away = set(ROOMS) - self.position.heads.keys()
                self.client.readable = dict(self.position.heads)
                self.reading = None
                self._do(self.session.on(self.position))
            case "list":
                self.found = self.database.room_list()
                self.reading = "listed"
            case "listed":
                room_list, self.found = self.found, None
                self.reading = None
                self.reached["caught up from the list"] += 1
                self.client.readable |= {room.id: room.seq for room in room_list.rooms}
                self._do(self.session.on(ListRead(room_list)))
            case "events":
                assert self.wanted is not None
                self.found = self.database.events(self.wanted.cursors)
                self.reading = "seats"
            case "seats":
                seats = set(self.database.mine)
                self.found = {room: run for room, run in self.found.items() if run and room in seats}
                self.client.readable |= {room: run[-1][0] for room, run in self.found.items()}
                self.reading = "done"
            case "done":
                events = self.found
                self.found = self.reading = None
                self.reached["caught up from the log"] += any(events.values())
                self._do(self.session.on(EventsRead(events, [], self.channels.__getitem__)))

    @property
    def may_break(self) -> bool:
        return self.breaks_after <= 0 or not self.reading

    @precondition(lambda self: self.session is not None and self.may_break)
    @rule()
    def the_link_breaks(self) -> None:
        self._break()

    def _break(self) -> None:
        assert self.session is not None
        self._note_while_reading("the link broke")
        self.session.closed()
        self.session = self.reading = self.found = None
        self.entered = {}
        self.saved.append(self.client.replica.copy())

    @invariant()
    def client_holds_the_rooms_of_its_user(self) -> None:
        if self.session is not None and self.session.state is State.LIVE and not self.database.bus:
            assert self.client.replica.rooms.keys() == self.database.mine

    def teardown(self) -> None:
        while self.session is not None and self.session.state is not State.LIVE:
            assert self.reading, "it waits for nothing"
            self._read_on()
        self._deliver_all()
        if self.session is None:
            return
        assert self.client.reached() == {room: self.database.head(room) for room in self.database.mine}
        assert self.client.replica.version == self.database.version

    def _note_while_reading(self, what: str) -> None:
        if self.session is not None and self.session.state is not State.LIVE:
            self.reached[f"{what} while it caught up"] += 1

    # -- the hub, and the shell

    def _deliver_all(self) -> None:
        while self.database.bus:
            self._deliver(self.database.bus.popleft())

    def _deliver(self, fact: _RoomFact | _UserFact) -> None:
        session = self.session
        if isinstance(fact, _RoomFact):
            assert fact.seq == self.channels[fact.room_id] + 1
            self.channels[fact.room_id] = fact.seq
            if fact.removed:
                self.left_at[fact.room_id] = fact.seq
            if session is None or fact.room_id not in self.entered:
                return
            if fact.removed and fact.seq > self.entered[fact.room_id]:
                del self.entered[fact.room_id]
                session.left(fact.room_id)
            elif session.room_event(fact.room_id, fact.seq, fact.frame):
                self.client.receive(fact.frame)
            return
        if session is None:
            return
        if fact.joined is not None and self._is_news(fact.joined[0], fact.version):
            room_id, seq = fact.joined
            if self.left_at.get(room_id, 0) <= seq:
                session.joined(room_id, seq)
                self._enter(room_id, seq)
        if fact.left is not None and self._is_news(fact.left, fact.version):
            self.entered.pop(fact.left, None)
            session.left(fact.left)
        if session.user_frame(fact.version, fact.frame):
            self.client.receive(fact.frame)

    def _is_news(self, room_id: int, version: int) -> bool:
        if version <= self.moved.get(room_id, 0):
            return False
        self.moved[room_id] = version
        return True

    def _listen_to(self, version: int, heads: Mapping[int, int]) -> tuple[set[int], set[int]]:
        """As the hub does: enter these rooms, except those with a later change already delivered."""
        later = {room for room, moved in self.moved.items() if moved > version}
        self.moved.update({room: max(self.moved.get(room, 0), version) for room in ROOMS})
        before = set(self.entered)
        for room_id in before - heads.keys() - later:
            del self.entered[room_id]
        for room_id in heads.keys() - later:
            self._enter(room_id, heads[room_id])
        return (before | heads.keys()) - self.entered.keys(), self.entered.keys() - before

    def _enter(self, room_id: int, seq: int) -> None:
        if self.left_at.get(room_id, 0) <= seq:
            self.entered[room_id] = max(seq, self.entered.get(room_id, 0))

    def _do(self, effects: list[Effect]) -> None:
        assert self.session is not None
        for effect in effects:
            match effect:
                case Send(frames):
                    for frame in frames:
                        self.client.receive(frame)
                case Answer(frame):
                    self.client.receive(frame)
                case ReadPosition():
                    self.reading = "position"
                case Enter():
                    left, _ = self._listen_to(self.position.user_version, self.position.heads)
                    self._do(self.session.on(Entered(left, self.channels.__getitem__)))
                case Follow(room_list):
                    heads = {room.id: room.seq for room in room_list.rooms}
                    left, joined = self._listen_to(room_list.user_version, heads)
                    self._do(self.session.on(Followed(left, {room: heads[room] for room in joined})))
                case ReadList():
                    self.reading = "list"
                case ReadEvents():
                    self.wanted, self.reading = effect, "events"
                case Close():
                    raise AssertionError(effect)


@pytest.mark.parametrize("block", range(BLOCKS))
def test_a_client_has_each_log_once_in_order_and_without_a_gap(block: int) -> None:
    reached: Counter[str] = Counter()

    @seed(block)
    class Counting(SessionMachine):
        def __init__(self) -> None:
            super().__init__(reached)

    runs = settings(max_examples=EXAMPLES, stateful_step_count=40, deadline=None, database=None, print_blob=False)
    run_state_machine_as_test(Counting, settings=runs)
    assert {case: reached[case] for case in REACHED if reached[case] == 0} == {}
