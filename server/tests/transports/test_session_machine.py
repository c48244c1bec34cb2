"""Anything may happen while a session catches up: a client by the book has each room's log once, in order, without a gap, and
is told nothing that was said while it was not in the room.

The session is the real one. Around it stand a database in a dictionary, a hub that delivers commits in order but as late as
it likes, and a shell whose reads begin and end whenever chance says.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from backchannel.protocol.codec import encode
from backchannel.protocol.events import ReadStateChanged, RoomAdded, RoomRemoved
from backchannel.protocol.frames import ClientHello, Resume
from backchannel.protocol.results import RoomList
from backchannel.protocol.shapes import Limits, Room, User
from backchannel.transports.session import Session, Settings, State
from backchannel.transports.session.effects import (
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

ROOMS = (1, 2, 3)
ME = User(7, "me", "Me")
EPOCH = "one"
CATCH_UP_EVENTS = 12
"""Small, so that chance often passes it."""


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
    heard_by_me: dict[int, list[bool]] = field(default_factory=lambda: {room: [] for room in ROOMS})
    """Was I in the room, before and after the event?"""
    bus: deque[_RoomFact | _UserFact] = field(default_factory=deque)

    def head(self, room_id: int) -> int:
        return len(self.logs[room_id])

    def log(self, room_id: int, kind: str, *, removed: bool = False) -> int:
        seq = self.head(room_id) + 1
        frame = json.dumps({"type": kind, "room_id": room_id, "seq": seq}).encode()
        self.logs[room_id].append(frame)
        self.heard_by_me[room_id].append(room_id in self.mine and not removed)
        self.bus.append(_RoomFact(room_id, seq, frame, removed))
        return seq

    def tell(self, make: Any, **news: Any) -> None:
        self.version += 1
        self.bus.append(_UserFact(self.version, encode(make(self.version)), **news))

    def room(self, room_id: int) -> Room:
        return Room(room_id, "group", None, "", self.head(room_id), 0, 0, 0, 1, [], "member", None)

    def position(self) -> PositionRead:
        return PositionRead(EPOCH, self.version, {room: self.head(room) for room in self.mine}, 0.0, 0)

    def room_list(self) -> RoomList:
        return RoomList([self.room(room) for room in sorted(self.mine)], "", self.version, EPOCH)

    def events(self, cursors: Any) -> dict[int, list[tuple[int, bytes]]]:
        return {room: list(enumerate(self.logs[room], 1))[cursor:] for room, cursor in cursors.items()}


@dataclass
class _Client:
    """Applies what it hears, and complains where the book is broken."""

    database: _Database
    cursors: dict[int, int] = field(default_factory=dict)
    version: int = 0
    was_reset: set[int] = field(default_factory=set)
    types: list[str] = field(default_factory=list)

    @property
    def resume(self) -> Resume:
        return Resume(EPOCH, self.version, dict(self.cursors))

    def hear(self, text: bytes) -> None:
        frame = json.loads(text)
        self.types.append(frame["type"])
        match frame["type"]:
            case "hello":
                assert self.types == ["hello"]
            case "room_list":
                rooms = {room["id"]: room["seq"] for room in frame["rooms"]}
                self.cursors = {room: self.cursors.get(room, seq) for room, seq in rooms.items()}
                self._reach(frame["user_version"])
            case "room_reset":
                self.cursors[frame["room_id"]] = frame["seq"]
                self.was_reset.add(frame["room_id"])
            case "room_added":
                self._reach(frame["user_version"])
                self.cursors.setdefault(frame["room"]["id"], frame["room"]["seq"])
            case "room_removed":
                self._reach(frame["user_version"])
                self.cursors.pop(frame["room_id"], None)
            case "read_state":
                self._reach(frame["user_version"])
            case "caught_up":
                assert self.types.count("caught_up") == 1
            case _:
                self._event(frame["room_id"], frame["seq"], text)

    def _reach(self, version: int) -> None:
        assert version > self.version or self.types[-1] == "room_list"
        self.version = version

    def _event(self, room_id: int, seq: int, text: bytes) -> None:
        assert self.database.heard_by_me[room_id][seq - 1], "it was not in the room then"
        if seq <= self.cursors.get(room_id, 10**9):
            return  # by the book: said already, or of a room that the list knows to be gone
        if room_id in self.was_reset:  # what happened while it was reset is in the history that it fetches
            self.was_reset.remove(room_id)
            self.cursors[room_id] = max(self.cursors[room_id], seq - 1)
        assert seq == self.cursors[room_id] + 1, "not the next one"
        assert text == self.database.logs[room_id][seq - 1]
        self.cursors[room_id] = seq


class SessionMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.database = _Database()
        self.client = _Client(self.database)
        self.session: Session | None = None
        self.channels = dict.fromkeys(ROOMS, 0)
        """Somebody else always listens here: the heads the hub has delivered."""
        self.entered: dict[int, int] = {}
        """The rooms the hub has entered this session in, each with a seq at which the user was in it."""
        self.moved: dict[int, int] = {}
        self.reading: Literal["position", "list", "listed", "events", "seats", "done"] | None = None
        self.wanted: ReadEvents | None = None
        self.found: Any = None
        self.saved: list[Resume] = []

    @initialize(mine=st.sets(st.sampled_from(ROOMS)), events=st.integers(0, 20))
    def begin(self, mine: set[int], events: int) -> None:
        self.database.mine = mine
        for _ in range(events):
            self.database.log(1, "old")
        self._deliver_all()

    # -- what happens in the world

    @rule(room_id=st.sampled_from(ROOMS), count=st.integers(1, 4))
    def somebody_writes(self, room_id: int, count: int) -> None:
        for _ in range(count):
            self.database.log(room_id, "message")

    @rule(room_id=st.sampled_from(ROOMS))
    def i_join_or_leave(self, room_id: int) -> None:
        if room_id in self.database.mine:
            self.database.log(room_id, "member_left", removed=True)
            self.database.mine.remove(room_id)
            self.database.tell(
                lambda version: RoomRemoved(user_version=version, room_id=room_id, reason="left"), left=room_id
            )
        else:
            seq = self.database.log(room_id, "member_joined")
            self.database.mine.add(room_id)
            room = self.database.room(room_id)
            self.database.tell(lambda version: RoomAdded(user_version=version, room=room), joined=(room_id, seq))

    @rule(room_id=st.sampled_from(ROOMS))
    def i_read_on_elsewhere(self, room_id: int) -> None:
        self.database.tell(
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
        which=st.sampled_from(["none", "present", "present", "older", "other epoch", "ahead"]),
        number=st.integers(0, 20),
    )
    def connect(self, which: str, number: int) -> None:
        resume: Resume | None = self.client.resume
        if which == "older" and self.saved:
            resume = self.saved[number % len(self.saved)]
        if which == "none" or not self.client.version:
            resume = None
        if resume is not None and which == "other epoch":
            resume = msgspec.structs.replace(resume, epoch="another")
        if resume is not None and which == "ahead":
            resume = msgspec.structs.replace(resume, rooms={room: seq + 1000 for room, seq in resume.rooms.items()})
        kept = resume if resume is not None and resume.epoch == EPOCH else Resume(EPOCH, 0, {})
        self.client = _Client(self.database, dict(kept.rooms), kept.user_version)
        settings_ = Settings(Limits(catch_up_events=CATCH_UP_EVENTS))
        self.session = Session("s", ME, settings_, 0.0)
        self.entered, self.moved = {}, {}
        self._do(self.session.frame(ClientHello(protocol=1, resume=resume), 0.0, 0))

    @precondition(lambda self: self.reading)
    @rule()
    def the_read_goes_on(self) -> None:
        assert self.session is not None
        match self.reading:
            case "position" if self.found is None:
                self.found = self.database.position()
            case "position":
                self.position, self.found = self.found, None
                self.reading = None
                self._do(self.session.on(self.position))
            case "list":
                self.found = self.database.room_list()
                self.reading = "listed"
            case "listed":
                room_list, self.found = self.found, None
                self.reading = None
                self._do(self.session.on(ListRead(room_list)))
            case "events":
                assert self.wanted is not None
                self.found = self.database.events(self.wanted.cursors)
                self.reading = "seats"
            case "seats":
                seats = set(self.database.mine)
                self.found = {room: run for room, run in self.found.items() if run and room in seats}
                self.reading = "done"
            case "done":
                events = self.found
                self.found = self.reading = None
                self._do(self.session.on(EventsRead(events, [], self.channels.__getitem__)))

    @precondition(lambda self: self.session is not None)
    @rule()
    def the_link_breaks(self) -> None:
        assert self.session is not None
        self.session.closed()
        self.session = self.reading = self.found = None
        self.entered = {}
        if self.client.version:
            self.saved.append(self.client.resume)

    @invariant()
    def hears_nothing_of_rooms_it_is_not_in(self) -> None:
        if self.session is not None and self.session.state is State.LIVE and not self.database.bus:
            assert set(self.client.cursors) == self.database.mine

    def teardown(self) -> None:
        while self.session is not None and self.session.state is not State.LIVE:
            assert self.reading, "it waits for nothing"
            self.the_read_goes_on()
        self._deliver_all()
        if self.session is None:
            return
        heads = {room: self.database.head(room) for room in self.database.mine}
        reached = {
            room: heads[room] if room in self.client.was_reset else seq for room, seq in self.client.cursors.items()
        }
        assert reached == heads
        assert self.client.version == self.database.version

    # -- the hub, and the shell

    def _deliver_all(self) -> None:
        while self.database.bus:
            self._deliver(self.database.bus.popleft())

    def _deliver(self, fact: _RoomFact | _UserFact) -> None:
        session = self.session
        if isinstance(fact, _RoomFact):
            assert fact.seq == self.channels[fact.room_id] + 1
            self.channels[fact.room_id] = fact.seq
            if session is None or fact.room_id not in self.entered:
                return
            if fact.removed and fact.seq > self.entered[fact.room_id]:
                del self.entered[fact.room_id]
                session.left(fact.room_id)
            elif session.room_event(fact.room_id, fact.seq, fact.frame):
                self.client.hear(fact.frame)
            return
        if session is None:
            return
        if fact.joined is not None and self._is_news(fact.joined[0], fact.version):
            session.joined(*fact.joined)
            self.entered[fact.joined[0]] = fact.joined[1]
        if fact.left is not None and self._is_news(fact.left, fact.version):
            self.entered.pop(fact.left, None)
            session.left(fact.left)
        if session.user_frame(fact.version, fact.frame):
            self.client.hear(fact.frame)

    def _is_news(self, room_id: int, version: int) -> bool:
        if version <= self.moved.get(room_id, 0):
            return False
        self.moved[room_id] = version
        return True

    def _listen_to(self, version: int, heads: Mapping[int, int]) -> tuple[set[int], set[int]]:
        """As the hub does: these rooms count, but for those of which something later was delivered."""
        later = {room for room, moved in self.moved.items() if moved > version}
        self.moved.update({room: max(self.moved.get(room, 0), version) for room in ROOMS})
        before, known = set(self.entered), {**heads, **self.entered}
        self.entered = {
            room: since for room, since in known.items() if room in (self.entered if room in later else heads)
        }
        return known.keys() - self.entered.keys(), self.entered.keys() - before

    def _do(self, effects: list[Effect]) -> None:
        assert self.session is not None
        for effect in effects:
            match effect:
                case Send(frames):
                    for frame in frames:
                        self.client.hear(frame)
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


TestSessionMachine = SessionMachine.TestCase
TestSessionMachine.settings = settings(
    max_examples=150, stateful_step_count=40, deadline=None, derandomize=True, print_blob=False
)
