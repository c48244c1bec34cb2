"""The session machine: what a client is told, in which order. Pure: no socket, no clock, no database; effects are returned.

    opening ──hello──▶ reading ──placed──▶ catching_up ──caught_up──▶ live ──────▶ closed
       │                  ask where the        room events and user      events pass
       └─ 5 s, closed     user stands          frames are kept           straight through

Theory. A session hears of a room from the hub in seq order, but it has to be brought from its own cursor to where the hub
is. So it subscribes first (effect `Enter`), reads from its cursor second (`Read`), and merges third: what was read goes out
first, then what was kept meanwhile and lies above it. `_floor` remembers for each room the last seq that was said, as long
as the hub may still bring something at or below it. In any other order an event can fall between reading and listening.

Two shells drive it: a WebSocket for as long as it lives, and `POST /api/sync` for one poll, which is a session that ends
as soon as it has something to say.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Final, TypeVar

from backchannel.protocol.codec import BadFrame, ClientFrame, encode
from backchannel.protocol.commands import Ping
from backchannel.protocol.errors import CloseCode, Code, CommandError
from backchannel.protocol.frames import (
    CaughtUp,
    ClientHello,
    ClientPong,
    ErrorFrame,
    Heartbeat,
    Pong,
    Resume,
    RoomHeads,
    RoomListFrame,
    RoomReset,
    ServerHello,
    ServerInfo,
)
from backchannel.protocol.results import RoomList
from backchannel.protocol.shapes import Limits, User
from backchannel.protocol.times import to_wire
from backchannel.protocol.version import SPOKEN
from backchannel.transports.effects import Close, Effect, Enter, Read, ReadList, ReadPosition, Run, Send

HELLO_WITHIN_S: Final = 5.0
SILENCE_MARGIN_S: Final = 10.0
BAD_FRAMES: Final = 3
CATCH_UP_EVENTS_IN_ALL: Final = 5000
HEADS: Final = 2000
"""Named in one frame."""
KEPT_FRAMES: Final = 4096
"""Frames kept while catching up; a session that would need more is behind for good and starts over."""


_NONE: Final[frozenset[int]] = frozenset()
_NO_SEQS: Final[Mapping[int, int]] = MappingProxyType({})
"""Shared by the thousands who have nothing to remember."""

_Kept = TypeVar("_Kept")


class State(Enum):
    OPENING = "opening"
    READING = "reading"
    CATCHING_UP = "catching_up"
    LIVE = "live"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the user stands: the numbering, the version of their list, and their rooms' heads."""

    epoch: str
    user_version: int
    heads: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Settings:
    limits: Limits = field(default_factory=Limits)
    heartbeat_s: int = 30
    server_version: str = ""


class Session:
    """`session_id` names it in logs and in `hello`. `now` is everywhere in seconds of one monotonic clock; `wall_us` is the
    time of day in microseconds, for timestamps that people see. `is_poll`: driven by `POST /api/sync`.

    `idle_until`: before then `tick` has nothing to do. `_floor` and `_resets` are replaced, never changed: sessions share the
    empty one."""

    __slots__ = (
        "_ahead",
        "_bad_frames",
        "_beat_at",
        "_beat_soon",
        "_floor",
        "_heads",
        "_heard_at",
        "_is_poll",
        "_kept_events",
        "_kept_frames",
        "_left",
        "_resets",
        "_resume",
        "_rooms_version",
        "_settings",
        "_stale_since",
        "epoch",
        "idle_until",
        "instance",
        "newcomer",
        "opened_at",
        "session_id",
        "state",
        "user",
        "user_version",
    )

    def __init__(self, session_id: str, user: User, settings: Settings, now: float, *, is_poll: bool = False) -> None:
        self.session_id = session_id
        self._is_poll = is_poll
        self.user = user
        self.state = State.OPENING
        self.newcomer = False
        self.instance: str | None = None
        self.epoch = ""
        self.user_version = 0
        self._settings = settings
        self.opened_at = now
        self.idle_until = 0.0
        self._heard_at = now
        self._beat_at = now
        self._bad_frames = 0
        self._resume: Resume | None = None
        self._resets: Mapping[int, int] = _NO_SEQS
        self._heads: Mapping[int, int] = _NO_SEQS
        """Of the rooms that a resume did not name, where some of them moved."""
        self._floor: Mapping[int, int] = _NO_SEQS
        self._kept_events: list[tuple[int, int, bytes]] | None = None
        self._kept_frames: list[tuple[int, bytes]] | None = None
        self._left: frozenset[int] = _NONE
        self._stale_since: float | None = None
        self._beat_soon = False
        self._rooms_version = 0
        self._ahead: frozenset[int] = _NONE

    # -- what the client says

    def frame(self, frame: ClientFrame, now: float, wall_us: int) -> list[Effect]:
        self._heard_at = now
        if self.state is State.CLOSED:
            return []
        if self.state is State.OPENING:
            if isinstance(frame, ClientHello):
                return self._hello(frame)
            return self._close(CloseCode.NOT_UNDERSTOOD, "hello_expected")
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
        """Something that could not be read. What merely has a wrong field does not count against the client."""
        self._heard_at = now
        if self.state is State.CLOSED:
            return []
        frame_id, is_text = (error.frame_id, error.is_text) if isinstance(error, BadFrame) else (None, False)
        answer: list[Effect] = [Send([encode(ErrorFrame(frame_id, error.data))])]
        if self.state is State.OPENING:
            return [*answer, *self._close(CloseCode.NOT_UNDERSTOOD, "hello_expected")]
        self._bad_frames += error.code is Code.BAD_FRAME and not is_text
        if self._bad_frames >= BAD_FRAMES:
            return [*answer, *self._close(CloseCode.NOT_UNDERSTOOD, "bad_frames")]
        return answer

    def _hello(self, hello: ClientHello) -> list[Effect]:
        if hello.protocol not in SPOKEN:
            return self._close(CloseCode.PROTOCOL_UNSPOKEN, "protocol_unspoken")
        self.instance = hello.client.instance
        self._resume = hello.resume
        self._move(State.READING)
        return [ReadPosition()]

    @property
    def named_rooms(self) -> Collection[int]:
        """The rooms the client has a cursor for, while it resumes."""
        return self._resume.rooms if self._resume else ()

    # -- what was read

    def placed(self, place: Place, now: float) -> list[Effect]:
        """Say hello, and read from the client's cursors; from zero where its numbering is another one."""
        if self.state is not State.READING:
            return []
        resume = self._resume
        if resume is not None and resume.epoch != place.epoch:
            resume = None
        self.newcomer = resume is None
        self.epoch, self.user_version = place.epoch, place.user_version
        self._left = _NONE
        self._know_rooms_at(place.user_version)
        self._beat_at = now
        cursors: dict[int, int] = {}
        resets: dict[int, int] = {}
        for room_id, cursor in resume.rooms.items() if resume else ():
            head = place.heads.get(room_id)
            if head is None:  # not on the user's list any more, which the list will tell
                continue
            if cursor > head or head - cursor > self._settings.limits.catch_up_events:
                resets[room_id] = head
            else:
                cursors[room_id] = cursor
        for room_id in _beyond_bounds(cursors, place.heads):
            resets[room_id] = place.heads[room_id]
            del cursors[room_id]
        self._resets = resets
        # Rooms that are not read are heard from where they stand; the list, where it is sent, says the same or later.
        self._floor = {**place.heads, **cursors}
        with_list = resume is None or resume.user_version != place.user_version
        if resume is not None and not with_list:
            self._heads = _moved_among(place.heads, resume)
        self._move(State.CATCHING_UP)
        return [Send([encode(self._server_hello())]), Enter(), Read(cursors, with_list)]

    def entered(self, head_of: Callable[[int], int]) -> None:
        """The shell listens from now on. `head_of`: how far the hub had delivered a room before; it repeats none of that, so a
        room that is reset is reset to there at least."""
        self._resets = {room_id: max(seq, head_of(room_id)) for room_id, seq in self._resets.items()}
        self._heads = {room_id: max(seq, head_of(room_id)) for room_id, seq in self._heads.items()} or _NO_SEQS

    def caught_up(
        self, room_list: RoomList | None, events: Mapping[int, Sequence[tuple[int, bytes]]], presence: Iterable[bytes]
    ) -> list[Effect]:
        """Say what was read, then what happened meanwhile. `events`: room → (seq, frame), unbroken from its cursor."""
        if self.state is not State.CATCHING_UP:
            return []
        if self.overflowed:  # what was not kept would be a hole
            return self._close(CloseCode.TOO_SLOW, "behind")
        frames: list[bytes] = []
        floor = dict(self._floor)
        if room_list is not None:
            self._know_rooms_at(room_list.user_version)
            frames += self._list_frame(room_list)
            named = self._resume.rooms if self._resume and not self.newcomer else {}
            floor |= {room.id: room.seq for room in room_list.rooms if room.id not in named}
        for room_id, seq in self._resets.items():
            frames.append(encode(RoomReset(room_id, seq)))
        heads = list(self._heads.items())
        frames += [encode(RoomHeads(dict(heads[at : at + HEADS]))) for at in range(0, len(heads), HEADS)]
        for room_id, run in events.items():
            if room_id in self._left:  # while it was being read
                continue
            for seq, frame in run:
                frames.append(frame)
                floor[room_id] = seq
        self._floor = floor
        frames += presence
        frames.append(encode(CaughtUp()))
        self._move(State.LIVE)
        kept_events, self._kept_events = self._kept_events or (), None
        kept_frames, self._kept_frames = self._kept_frames or (), None
        frames += [frame for version, frame in kept_frames if self._admits_version(version)]
        frames += [frame for room_id, seq, frame in kept_events if self._admits(room_id, seq)]
        self._resume = None
        self._resets, self._heads, self._left = _NO_SEQS, _NO_SEQS, _NONE
        return [Send(frames)]

    def listed(self, room_list: RoomList) -> list[Effect]:
        """The list was read again after `ReadList`, and the shell listens to its rooms."""
        self._stale_since = None
        self._know_rooms_at(room_list.user_version)
        if self.state is not State.LIVE or room_list.user_version < self.user_version:
            return []
        return [Send(self._list_frame(room_list))]

    def _list_frame(self, room_list: RoomList) -> list[bytes]:
        self.user_version = room_list.user_version
        return [encode(RoomListFrame(room_list.rooms, room_list.timestamp, room_list.user_version, room_list.epoch))]

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

    # -- what the hub brings: True where the shell is to say it now

    def room_event(self, room_id: int, seq: int, frame: bytes) -> bool:
        if self.state is State.LIVE:
            return self._admits(room_id, seq) if self._floor else True
        self._kept_events = self._keep(self._kept_events, (room_id, seq, frame))
        return False

    def passes(self, room_id: int) -> bool:
        """Whatever the hub brings of this room may be said without asking."""
        return self.state is State.LIVE and room_id not in self._floor

    def forget_floors(self, head_of: Callable[[int], int]) -> None:
        """`head_of`: what the hub has brought of a room. It brings nothing at or below that any more."""
        if self.state is State.LIVE and self._floor:
            self._floor = {room: seq for room, seq in self._floor.items() if seq > head_of(room)} or _NO_SEQS

    def user_frame(self, version: int, frame: bytes) -> bool:
        self._ahead |= {version}
        self._know_rooms_at(self._rooms_version)
        if self.state is State.LIVE:
            return self._admits_version(version)
        self._kept_frames = self._keep(self._kept_frames, (version, frame))
        return False

    @property
    def says_passing(self) -> bool:
        """Typing and presence: said when live, not worth keeping before."""
        return self.state is State.LIVE

    def joined(self, room_id: int, seq: int) -> None:
        """The user is in a room from `seq` on; what led there is in the `room_added` that comes with it. The news may have
        been overtaken by the room's first events: the next heartbeat comes soon, and names its head."""
        self._left -= {room_id}
        self._floor = {**self._floor, room_id: max(seq, self._floor.get(room_id, 0))}
        self._beat_soon = True
        self.idle_until = 0.0

    def left(self, room_id: int) -> None:
        """Nothing of this room is said any more, whatever was read or kept of it."""
        if self.state is not State.LIVE:
            self._left |= {room_id}
        self._floor = _without(self._floor, room_id)
        self._resets = _without(self._resets, room_id)
        self._heads = _without(self._heads, room_id)
        self._kept_events = [kept for kept in self._kept_events or () if kept[0] != room_id] or None

    def observe_version(self, version: int, now: float, patience_s: float) -> list[Effect]:
        """The database says the user's list is at `version`; ask again for it where any news of it was lost on its way."""
        if self.state is not State.LIVE or version <= self._rooms_version:
            self._stale_since = None
            return []
        if self._stale_since is None:
            self._stale_since = now
        if now - self._stale_since < patience_s:  # it may be on its way
            return []
        self._stale_since = now
        return [ReadList()]

    def _know_rooms_at(self, version: int) -> None:
        """No change of the user's rooms is missing up to here. What is told to the client may be ahead of it: where a frame
        was lost between others, the rooms are not what its successors make believe."""
        known = max(version, self._rooms_version)
        while known + 1 in self._ahead:
            known += 1
        self._rooms_version = known
        if self._ahead:
            self._ahead = frozenset(each for each in self._ahead if each > known) or _NONE

    def _admits(self, room_id: int, seq: int) -> bool:
        """Not said before. Above the floor the hub's own order holds, and the floor is forgotten."""
        floor = self._floor.get(room_id)
        if floor is None:
            return True
        if seq <= floor:
            return False
        self._floor = _without(self._floor, room_id)
        return True

    def _admits_version(self, version: int) -> bool:
        if version <= self.user_version:
            return False
        self.user_version = version
        return True

    def _keep(self, kept: list[_Kept] | None, item: _Kept) -> list[_Kept] | None:
        """`kept` with the item; nothing where it is closed, and nothing more beyond the bound."""
        if self.state is State.CLOSED:
            return None
        kept = kept or []
        if len(kept) <= KEPT_FRAMES:
            kept.append(item)
        return kept

    @property
    def shows_presence(self) -> bool:
        """After a hello the client knows nobody's presence; between two polls it keeps what it knows."""
        return self.newcomer or not self._is_poll

    @property
    def overflowed(self) -> bool:
        """More was kept while catching up than a session may cost; the shell closes it with 4408."""
        return max(len(self._kept_events or ()), len(self._kept_frames or ())) > KEPT_FRAMES

    # -- time

    def tick(self, now: float, wall_us: int, heads_since: Callable[[float], Mapping[int, int]]) -> list[Effect]:
        """Call about once a second. `heads_since(t)`: the user's rooms that moved since t, with their heads."""
        if self.state is State.CLOSED:
            return []
        if self.state is State.OPENING:
            late = now - self.opened_at >= HELLO_WITHIN_S
            return self._close(CloseCode.NOT_UNDERSTOOD, "no_hello") if late else []
        if now - self._heard_at >= self._settings.heartbeat_s + SILENCE_MARGIN_S:
            return self._close(CloseCode.TOO_SLOW, "silent")
        if self.overflowed:
            return self._close(CloseCode.TOO_SLOW, "behind")
        if self.state is not State.LIVE:
            return []
        effects: list[Effect] = []
        if self._beat_soon or now - self._beat_at >= self._settings.heartbeat_s:
            heads = heads_since(self._beat_at)
            self._beat_at, self._beat_soon = now, False
            effects.append(Send([encode(Heartbeat(to_wire(wall_us), dict(heads), self.user_version))]))
        # What the client says meanwhile only puts the first of them off.
        self.idle_until = self._settings.heartbeat_s + min(self._heard_at + SILENCE_MARGIN_S, self._beat_at)
        return effects

    def closed(self) -> None:
        """The link is gone."""
        if self.state is not State.CLOSED:
            self._move(State.CLOSED)

    def end(self, code: CloseCode, reason: str) -> list[Effect]:
        """The server wants it over."""
        return [] if self.state is State.CLOSED else self._close(code, reason)

    def _close(self, code: CloseCode, reason: str) -> list[Effect]:
        self._move(State.CLOSED)
        return [Close(code, reason)]

    def _move(self, state: State) -> None:
        self.state = state
        self.idle_until = 0.0


def _beyond_bounds(cursors: Mapping[int, int], heads: Mapping[int, int]) -> list[int]:
    """Many rooms that moved are bounded together: the rooms to reset, those that moved most."""
    total = sum(heads[room] - cursor for room, cursor in cursors.items())
    resets: list[int] = []
    if total > CATCH_UP_EVENTS_IN_ALL:
        for room_id in sorted(cursors, key=lambda room: cursors[room] - heads[room]):
            if total <= CATCH_UP_EVENTS_IN_ALL:
                break
            total -= heads[room_id] - cursors[room_id]
            resets.append(room_id)
    return resets


def _moved_among(heads: Mapping[int, int], resume: Resume) -> Mapping[int, int]:
    """The heads of the rooms not named, where any of them moved. No cursor is above its head, so that their sums are equal only
    where all of them are."""
    if resume.others is None:
        return _NO_SEQS
    unnamed = {room: head for room, head in heads.items() if room not in resume.rooms}
    return unnamed if sum(unnamed.values()) != resume.others else _NO_SEQS


def _without(seqs: Mapping[int, int], room_id: int) -> Mapping[int, int]:
    if room_id not in seqs:
        return seqs
    return {room: seq for room, seq in seqs.items() if room != room_id} or _NO_SEQS
