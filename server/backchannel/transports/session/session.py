"""The session itself: what the client sends, what the hub delivers, and the results of reads each go to the machine of the moment.

    opening ──hello──▶ locating ──PositionRead──▶ catching_up ──EventsRead──▶ live
                        "where is the user?"       hello is answered;          what the hub delivers
                                                   deliveries are kept         is sent as it comes
    closed: a deadline passed, the client broke the protocol, the server ended it, or the link is gone.

Results of effects come in by `on`, as `TABLE` says; a result for which the state has no rule is ignored. What the client sends
comes in by `frame` and `bad_frame`, what the hub delivers by the methods that a `Subscriber` has, and the time by `tick`.

Longer than 300 lines: one method for each input, as `TABLE` lists them.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Final

from backchannel.protocol import frames
from backchannel.protocol.codec import BadFrame, ClientFrame, encode
from backchannel.protocol.commands import Ping
from backchannel.protocol.errors import CloseCode, Code, CommandError
from backchannel.protocol.frames import ClientHello, ClientPong, ErrorFrame, Pong, Resume
from backchannel.protocol.shapes import User
from backchannel.protocol.times import to_wire
from backchannel.transports.session.catch_up import CatchUp, Step, list_frame
from backchannel.transports.session.effects import (
    Announce,
    Answer,
    Arrive,
    Close,
    Effect,
    ReadPosition,
    Run,
    Send,
    UpdateDelivery,
)
from backchannel.transports.session.heartbeat import Heartbeat
from backchannel.transports.session.inputs import Entered, EventsRead, Followed, HeadOf, Input, ListRead, PositionRead
from backchannel.transports.session.list_reading import ListReading
from backchannel.transports.session.list_version import ListVersion
from backchannel.transports.session.merge import Merge
from backchannel.transports.session.opening import HELLO_EXPECTED, Opening
from backchannel.transports.session.resume_plan import plan_resume
from backchannel.transports.session.settings import Settings


class State(Enum):
    OPENING = "opening"
    LOCATING = "locating"
    CATCHING_UP = "catching_up"
    LIVE = "live"
    CLOSED = "closed"


class Session:
    """`now` is in seconds of one monotonic clock; `wall_us` is the time of day in µs, for the timestamps that people see."""

    __slots__ = (
        "_catch_up",
        "_heartbeat",
        "_is_poll",
        "_list_reading",
        "_list_version",
        "_merge",
        "_opening",
        "_resume",
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
        """The client's resume state, until the position is read."""
        self._catch_up: CatchUp | None = None
        """While catching up."""

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
                return [Answer(encode(Pong(to_wire(wall_us), id_)))]
            case ClientPong():
                return []
            case ClientHello():
                return self.bad_frame(
                    BadFrame(Code.BAD_FRAME, "There was a hello already; one opens a connection."), now
                )
        return [Run(frame)]

    def bad_frame(self, error: CommandError, now: float) -> list[Effect]:
        """Something that could not be read, or had a wrong field. Answered with an error."""
        self._heartbeat.received(now)
        if self.state is State.CLOSED:
            return []
        answer = Answer(encode(ErrorFrame(error.frame_id if isinstance(error, BadFrame) else None, error.data)))
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
        self._resume = None
        self.is_newcomer = plan.is_newcomer
        self.epoch = position.epoch
        self._list_version.start(position.user_version)
        self._merge.start(plan, position.heads)
        self._heartbeat.start(position.read_at)
        with_presence = plan.is_newcomer or not self._is_poll
        self._catch_up = CatchUp(plan, self._merge, self._list_version, with_presence=with_presence)
        self._move(State.CATCHING_UP)
        hello = self._settings.hello(self.session_id, self.user, self.epoch, self.user_version)
        effects: list[Effect] = [Send([encode(hello)]), *self._catch_up.start()]
        if self.instance is not None and not self._is_poll:
            age_us = int((position.read_at - self._opening.opened_at) * 1_000_000)
            effects.insert(0, Announce(position.read_us - age_us))
        return effects

    def _advance(self, result: Entered | ListRead | Followed | EventsRead) -> list[Effect]:
        assert self._catch_up is not None
        if isinstance(result, Entered | Followed):
            self._change_rooms(result)
        elif self.is_overflowed:  # what was not kept would be missing
            return self._close(Close(CloseCode.TOO_SLOW, "behind"))
        effects = self._catch_up.on(result)
        if self._catch_up.step is not Step.DONE:
            return effects
        caught_up = Send(self._catch_up.frames)
        self._catch_up = None
        self._move(State.LIVE)
        return [caught_up, UpdateDelivery(), Arrive()]

    def _list_read(self, read: ListRead) -> list[Effect]:
        return self._list_reading.read(read.room_list)

    def _list_followed(self, followed: Followed) -> list[Effect]:
        self._change_rooms(followed)
        effects: list[Effect] = [UpdateDelivery()] if followed.joined else []
        room_list = self._list_reading.followed(followed)
        if room_list is None:
            return [*effects, *self._list_reading.start()]
        if self._list_version.read(room_list.user_version):
            effects.append(Send([list_frame(room_list)]))
        return effects

    def _change_rooms(self, result: Entered | Followed) -> None:
        for room_id in result.left:
            self.left(room_id)
        for room_id, seq in result.joined.items() if isinstance(result, Followed) else ():
            self.joined(room_id, seq)

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

    # -- time, and the end

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
            effects.append(Send([encode(frames.Heartbeat(to_wire(wall_us), dict(heads), self.user_version))]))
        if not self._merge.has_floors:
            self._heartbeat.rest()
        return effects

    @property
    def is_overflowed(self) -> bool:
        """More was delivered while catching up than a session may keep."""
        return self._merge.is_overflowed

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


TABLE: Final[Mapping[State, Mapping[type[Input], Callable[[Session, Any], list[Effect]]]]] = {
    State.OPENING: {},
    State.LOCATING: {PositionRead: Session._locate},
    State.CATCHING_UP: dict.fromkeys((Entered, ListRead, Followed, EventsRead), Session._advance),
    State.LIVE: {ListRead: Session._list_read, Followed: Session._list_followed},
    State.CLOSED: {},
}
