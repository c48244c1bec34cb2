"""The session itself: the order in which a client is brought up to date, and where everything goes that happens meanwhile.

    opening ──hello──▶ locating ──PositionRead──▶ entering ──Entered──▶ reading ──EventsRead──▶ live
                        "where is the user?"       subscribes to the      ▲      what was read and what was kept
                                                   user's rooms           │      are merged: caught up
                                                     │ the list is sent   │
                                                     └──▶ listing ────────┘
    closed: a deadline passed, the client broke the protocol, the server ended it, or the link is gone.

Theory. A client is brought from its own cursors to where the hub is. Whatever the hub delivers before `live` is kept and sent
after what was read; from `live` on it is sent as it comes. `merge.py` says why nothing is lost or repeated in between.

Results of effects come in by `on`, as `TABLE` says; a result for which the state has no rule is ignored. What the client sends
comes in by `frame` and `bad_frame`, what the hub delivers by the methods that a `Subscriber` has, and the time by `tick`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from backchannel.protocol.codec import BadFrame, ClientFrame, encode
from backchannel.protocol.commands import Ping
from backchannel.protocol.errors import CloseCode, Code, CommandError
from backchannel.protocol.frames import (
    CaughtUp,
    ClientHello,
    ClientPong,
    ErrorFrame,
    Pong,
    Resume,
    RoomListFrame,
    ServerHello,
    ServerInfo,
)
from backchannel.protocol.frames import Heartbeat as HeartbeatFrame
from backchannel.protocol.results import RoomList
from backchannel.protocol.shapes import Limits, User
from backchannel.protocol.times import to_wire
from backchannel.transports.session.effects import (
    Announce,
    Arrive,
    Close,
    Effect,
    Enter,
    ReadEvents,
    ReadPosition,
    Run,
    Send,
    UpdateDelivery,
)
from backchannel.transports.session.heartbeat import Heartbeat
from backchannel.transports.session.inputs import (
    Entered,
    EventsRead,
    Followed,
    HeadOf,
    Input,
    ListRead,
    PositionRead,
)
from backchannel.transports.session.list_reading import ListReading
from backchannel.transports.session.list_version import ListVersion
from backchannel.transports.session.merge import Merge
from backchannel.transports.session.opening import HELLO_EXPECTED, Opening
from backchannel.transports.session.resume_plan import ResumePlan, plan_resume


class State(Enum):
    OPENING = "opening"
    LOCATING = "locating"
    ENTERING = "entering"
    LISTING = "listing"
    READING = "reading"
    LIVE = "live"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Settings:
    limits: Limits = field(default_factory=Limits)
    heartbeat_s: int = 30
    server_version: str = ""


class Session:
    """`now` is in seconds of one monotonic clock; `wall_us` is the time of day in µs, for the timestamps that people see."""

    __slots__ = (
        "_heartbeat",
        "_is_poll",
        "_list_reading",
        "_list_version",
        "_merge",
        "_opening",
        "_plan",
        "_resume",
        "_room_list",
        "_settings",
        "epoch",
        "instance",
        "is_newcomer",
        "session_id",
        "state",
        "user",
    )

    def __init__(self, session_id: str, user: User, settings: Settings, now: float, *, is_poll: bool = False) -> None:
        self.session_id = session_id
        """Names it in logs and in `hello`."""
        self.user = user
        self.state = State.OPENING
        self.instance: str | None = None
        """The client's name for itself, from its hello."""
        self.epoch = ""
        self.is_newcomer = False
        """The client had no cursors that count, so it was sent everything."""
        self._settings = settings
        self._is_poll = is_poll
        """A poll keeps the presence that it was sent before; a socket starts without any."""
        self._opening = Opening(now)
        self._merge = Merge()
        self._list_version = ListVersion()
        self._list_reading = ListReading()
        self._heartbeat = Heartbeat(settings.heartbeat_s, now)
        self._resume: Resume | None = None
        """While catching up: what the client has."""
        self._plan: ResumePlan | None = None
        """While catching up: what is to be read."""
        self._room_list: RoomList | None = None
        """While catching up: the list that is to be sent."""

    @property
    def user_version(self) -> int:
        """The version of the room list that the client has been sent."""
        return self._list_version.sent

    @property
    def idle_until(self) -> float:
        """Before then `tick` has nothing to do."""
        return self._heartbeat.idle_until

    # -- what the client sends

    def frame(self, frame: ClientFrame, now: float, wall_us: int) -> list[Effect]:
        self._heartbeat.received(now)
        if self.state is State.CLOSED:
            return []
        if self.state is State.OPENING:
            return self._hello(frame) if isinstance(frame, ClientHello) else self._close(HELLO_EXPECTED)
        match frame:
            case Ping(id=id_):
                return [Send([encode(Pong(to_wire(wall_us), id_))])]
            case ClientPong():
                return []
            case ClientHello():
                error = BadFrame(Code.BAD_FRAME, "There was a hello already; one opens a connection.")
                return self.bad_frame(error, now)
        return [Run(frame)]

    def bad_frame(self, error: CommandError, now: float) -> list[Effect]:
        """Something that could not be read, or had a wrong field. Answered with an error."""
        self._heartbeat.received(now)
        if self.state is State.CLOSED:
            return []
        answer = Send([encode(ErrorFrame(error.frame_id if isinstance(error, BadFrame) else None, error.data))])
        refusal = HELLO_EXPECTED if self.state is State.OPENING else self._opening.bad_frame(error)
        return [answer, *self._close(refusal)] if refusal else [answer]

    def _hello(self, hello: ClientHello) -> list[Effect]:
        if refusal := self._opening.refusal_of(hello):
            return self._close(refusal)
        self.instance = hello.client.instance
        self._resume = hello.resume
        self._move(State.LOCATING)
        return [ReadPosition(hello.resume.rooms if hello.resume else ())]

    # -- results of effects

    def on(self, result: Input) -> list[Effect]:
        rule = TABLE[self.state].get(type(result))
        return rule(self, result) if rule else []

    def _locate(self, position: PositionRead) -> list[Effect]:
        plan = plan_resume(self._resume, position, self._settings.limits.catch_up_events)
        self._plan = plan
        self.is_newcomer = plan.is_newcomer
        self.epoch = position.epoch
        self._list_version.start(position.user_version)
        self._merge.start(plan, position.heads)
        self._heartbeat.start(position.read_at)
        self._move(State.ENTERING)
        effects: list[Effect] = [Send([encode(self._server_hello())]), Enter()]
        if self.instance is not None and not self._is_poll:
            age_us = int((position.read_at - self._opening.opened_at) * 1_000_000)
            effects.insert(0, Announce(position.read_us - age_us))
        return effects

    def _enter(self, entered: Entered) -> list[Effect]:
        assert self._plan is not None
        for room_id in entered.left:
            self.left(room_id)
        self._merge.entered(entered.head_of)
        if self._plan.with_list:
            self._move(State.LISTING)
            return self._list_reading.start()
        return self._read_events()

    def _read_events(self) -> list[Effect]:
        assert self._plan is not None
        self._move(State.READING)
        return [ReadEvents(self._plan.cursors, with_presence=self.is_newcomer or not self._is_poll)]

    def _list_read(self, read: ListRead) -> list[Effect]:
        return self._list_reading.read(read.room_list)

    def _list_followed(self, followed: Followed) -> list[Effect]:
        """While catching up: the list is sent together with the events."""
        self._change_rooms(followed)
        self._room_list = self._list_reading.followed(followed)
        return self._list_reading.start() if self._room_list is None else self._read_events()

    def _list_followed_live(self, followed: Followed) -> list[Effect]:
        effects = self._change_rooms(followed)
        room_list = self._list_reading.followed(followed)
        if room_list is None:
            return [*effects, *self._list_reading.start()]
        if self._list_version.read(room_list.user_version):
            effects.append(Send([_list_frame(room_list)]))
        return effects

    def _change_rooms(self, followed: Followed) -> list[Effect]:
        for room_id in followed.left:
            self.left(room_id)
        for room_id, seq in self._list_reading.seqs_of(followed.joined).items():
            self.joined(room_id, seq)
        return [UpdateDelivery()] if followed.joined else []

    def _catch_up(self, read: EventsRead) -> list[Effect]:
        """Send what was read, then what was delivered meanwhile."""
        if self._merge.is_overflowed:  # what was not kept would be missing
            return self._close(Close(CloseCode.TOO_SLOW, "behind"))
        frames: list[bytes] = []
        listed: Mapping[int, int] = {}
        if (room_list := self._room_list) is not None:
            self._list_version.start(room_list.user_version)
            frames.append(_list_frame(room_list))
            named = self._resume.rooms if self._resume and not self.is_newcomer else {}
            listed = {room.id: room.seq for room in room_list.rooms if room.id not in named}
        frames += self._merge.merge_log(read.events, listed)
        frames += read.presence
        frames.append(encode(CaughtUp()))
        frames += [frame for version, frame in self._merge.take_kept_frames() if self._list_version.advance(version)]
        frames += self._merge.take_kept_events()
        self._merge.release_floors(read.head_of)
        self._resume = self._plan = self._room_list = None
        self._move(State.LIVE)
        return [Send(frames), UpdateDelivery(), Arrive()]

    # -- what the hub delivers: True where the shell is to send it now

    def room_event(self, room_id: int, seq: int, frame: bytes) -> bool:
        if self.state is State.LIVE:
            return self._merge.is_new(room_id, seq)
        if self.state is not State.CLOSED:
            self._merge.keep_event(room_id, seq, frame)
        return False

    def delivers_directly(self, room_id: int) -> bool:
        """All events of the room may be sent without asking `room_event`. Changes only with the effect `UpdateDelivery`, or at
        the end of the session."""
        return self.state is State.LIVE and not self._merge.needs_check(room_id)

    def user_frame(self, version: int, frame: bytes) -> bool:
        self._list_version.delivered(version)
        if self.state is State.LIVE:
            return self._list_version.advance(version)
        if self.state is not State.CLOSED:
            self._merge.keep_frame(version, frame)
        return False

    @property
    def takes_ephemeral(self) -> bool:
        """Typing and presence are sent when live, and not worth keeping before."""
        return self.state is State.LIVE

    def joined(self, room_id: int, seq: int) -> list[Effect]:
        """The user is in a room from `seq` on; what led there is in the `room_added` that comes with it. The room's first events
        may have been delivered before: the next heartbeat comes soon, and names its head."""
        self._merge.joined(room_id, seq)
        self._heartbeat.hasten()
        return [UpdateDelivery()] if self.state is State.LIVE else []

    def left(self, room_id: int) -> None:
        """Nothing of this room is sent any more, whatever was read or kept of it."""
        self._merge.left(room_id)

    def observe_version(self, version: int, now: float, patience_s: float) -> list[Effect]:
        """The database has the user's list at `version`; read it where a change of it was lost."""
        if self.state is not State.LIVE or not self._list_version.observe(version, now, patience_s):
            return []
        return self._list_reading.start() if self._list_reading.is_idle else []

    # -- time

    def tick(
        self, now: float, wall_us: int, heads_since: Callable[[float], Mapping[int, int]], head_of: HeadOf
    ) -> list[Effect]:
        """Call about once a second. `heads_since(t)`: the user's rooms that moved since t, with their heads."""
        if self.state is State.CLOSED:
            return []
        if self.state is State.OPENING:
            overdue = self._opening.timeout_at(now)
            return self._close(overdue) if overdue else []
        if self._heartbeat.is_silent(now):
            return self._close(Close(CloseCode.TOO_SLOW, "silent"))
        if self.is_overflowed:
            return self._close(Close(CloseCode.TOO_SLOW, "behind"))
        if self.state is not State.LIVE:
            return []
        effects: list[Effect] = []
        if self._merge.has_floors and self._merge.release_floors(head_of):
            effects.append(UpdateDelivery())
        if self._heartbeat.is_due(now):
            heads = heads_since(self._heartbeat.beat(now))
            effects.append(Send([encode(HeartbeatFrame(to_wire(wall_us), dict(heads), self.user_version))]))
        if not self._merge.has_floors:
            self._heartbeat.rest()
        return effects

    @property
    def is_overflowed(self) -> bool:
        """More was delivered while catching up than a session may keep."""
        return self._merge.is_overflowed

    # -- the end

    def closed(self) -> None:
        """The link is gone."""
        if self.state is not State.CLOSED:
            self._merge.drop()
            self._move(State.CLOSED)

    def end(self, code: CloseCode, reason: str) -> list[Effect]:
        """The server ends it."""
        return [] if self.state is State.CLOSED else self._close(Close(code, reason))

    def _close(self, close: Close) -> list[Effect]:
        self.closed()
        return [close]

    def _move(self, state: State) -> None:
        self.state = state
        self._heartbeat.wake()

    def _server_hello(self) -> ServerHello:
        return ServerHello(
            session=self.session_id,
            user=self.user,
            epoch=self.epoch,
            heartbeat_s=self._settings.heartbeat_s,
            user_version=self.user_version,
            limits=self._settings.limits,
            server=ServerInfo(self._settings.server_version),
        )


def _list_frame(room_list: RoomList) -> bytes:
    return encode(RoomListFrame(room_list.rooms, room_list.timestamp, room_list.user_version, room_list.epoch))


_Rule = Callable[[Session, Any], list[Effect]]

TABLE: Final[Mapping[State, Mapping[type[Input], _Rule]]] = {
    State.OPENING: {},
    State.LOCATING: {PositionRead: Session._locate},
    State.ENTERING: {Entered: Session._enter},
    State.LISTING: {ListRead: Session._list_read, Followed: Session._list_followed},
    State.READING: {EventsRead: Session._catch_up},
    State.LIVE: {ListRead: Session._list_read, Followed: Session._list_followed_live},
    State.CLOSED: {},
}
