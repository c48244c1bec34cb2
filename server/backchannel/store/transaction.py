"""One write transaction, as seen by the operations of a batch.

Lock order, everywhere: rooms (ascending id) → memberships → scheduled messages → uploads (ascending id) → blobs (ascending
key) → drafts (ascending id) → people (ascending id). An operation checks first and writes afterwards, so that a refused one leaves no trace and needs no savepoint.

Longer than 300 lines: table names, outcome and the transaction itself are what every operation imports together.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import msgspec
from django.db.backends.base.base import BaseDatabaseWrapper

from backchannel.protocol import times
from backchannel.protocol.codec import encode
from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.events import RoomEvent, UserFrame
from backchannel.protocol.shapes import User
from backchannel.store.driver import driver_of
from backchannel.store.listed import among, as_table
from backchannel.store.models import (
    Activity,
    Allowance,
    Blob,
    Draft,
    Event,
    FollowerCursor,
    FollowerLease,
    Intent,
    Membership,
    Mention,
    Message,
    NameKey,
    Notice,
    NotificationSettings,
    Person,
    PersonNotification,
    PushMessage,
    PushSubscription,
    Room,
    Scheduled,
    ThreadFollow,
    Upload,
    UploadPart,
    Workspace,
)

PEOPLE_AT_ONCE: Final = 500
"""People whose versions one statement moves: its length is quadratic work for the database."""


@dataclass(slots=True)
class LockedRoom:
    """A room's row, locked until the commit. `head` advances as events are appended."""

    id: int
    kind: str
    name: str | None
    topic: str
    head: int
    member_count: int
    space: str
    shows_seen: bool
    moved: bool = False


@dataclass(frozen=True, slots=True)
class MembershipRow:
    """A person's membership of a locked room."""

    role: str
    state: str
    joined_seq: int
    read_seq: int


class CommittedEvent(msgspec.Struct, frozen=True):
    """An event of a room, ready to be published."""

    room_id: int
    seq: int
    frame: bytes
    removed: tuple[int, ...] = ()
    """People whose membership this event ended: they receive neither it nor any later event."""


class UserUpdate(msgspec.Struct, frozen=True):
    """A frame for all devices of one user, ready to be published."""

    user_id: int
    version: int
    """Its number in the user's own sequence, which has no gaps."""
    frame: bytes
    joined: tuple[int, int, int] | None = None
    """If it makes them a member: (room id, seq after which they receive its events, member count)."""
    left: int | None = None
    """The room whose events they no longer receive."""


class Outcome(msgspec.Struct, eq=False):
    """The outcome of one operation: its result or its error, and what is to be published."""

    result: Any = None
    is_repeat: bool = False
    """The command had been carried out before. HTTP answers 200 instead of 201."""
    error: CommandError | None = None
    events: list[CommittedEvent] = []
    updates: list[UserUpdate] = []
    people: list[User] = []
    """People whose name or picture changed, as they are now."""


@dataclass(slots=True)
class _PendingUpdate:
    """Gets its version at the end of the transaction."""

    outcome: Outcome
    build: Callable[[int], UserFrame]
    joined: tuple[int, int, int] | None
    left: int | None


class Transaction:
    """Made by the writer for one batch. Everything in it happens under the locks of `lock_rooms`."""

    def __init__(self, connection: BaseDatabaseWrapper, at_us: int) -> None:
        self.connection = connection
        self.at_us = at_us
        self.at = times.to_wire(at_us)
        self.rooms: dict[int, LockedRoom] = {}
        self.is_postgres = connection.vendor == "postgresql"
        self._driver = driver_of(connection)
        self._native_uuids = connection.features.has_native_uuid_field
        self._pending_updates: dict[int, list[_PendingUpdate]] = defaultdict(list)
        self._after_heads: list[Callable[[], None]] = []
        self.announced: dict[tuple[int, int], bool] = {}
        """(room, person) pairs whose `room_added` is queued already → whether they join by it."""

    def lock_rooms(self, ids: Iterable[int]) -> None:
        """Lock those of the rooms that exist. Under SQLite the transaction has locked the whole database (BEGIN IMMEDIATE)."""
        wanted = sorted(set(ids) - self.rooms.keys())
        if not wanted:
            return
        is_wanted, values = among("id", "bigint", wanted, is_postgres=self.is_postgres)
        rows = self.query(
            f"SELECT id, kind, name, topic, head, member_count, space, shows_seen FROM {ROOM} WHERE {is_wanted} ORDER BY id"
            + (" FOR NO KEY UPDATE" if self.is_postgres else ""),
            values,
        )
        for row in rows:
            self.rooms[row[0]] = LockedRoom(*row)

    def room(self, room_id: int) -> LockedRoom:
        """The locked room. Raises `room_not_found`."""
        room = self.rooms.get(room_id)
        if room is None:
            raise no_room(room_id)
        return room

    def room_for(self, room_id: int, person_id: int) -> LockedRoom:
        """The locked room, if it is of the person's space. Raises `room_not_found`."""
        room = self.room(room_id)
        if not self.query(f"SELECT 1 FROM {PERSON} WHERE id = %s AND space = %s", [person_id, room.space]):
            raise no_room(room_id)
        return room

    def membership(self, room_id: int, person_id: int) -> MembershipRow | None:
        rows = self.query(
            f"SELECT role, state, joined_seq, read_seq FROM {MEMBERSHIP} WHERE room_id = %s AND person_id = %s",
            [room_id, person_id],
        )
        return MembershipRow(*rows[0]) if rows else None

    def check_member(self, room_id: int, person_id: int) -> tuple[LockedRoom, MembershipRow]:
        """The room and the person's membership. Raises `room_not_found` or `not_a_member`."""
        room = self.room(room_id)
        membership = self.membership(room_id, person_id)
        if membership is None or membership.state != Membership.State.MEMBER:
            raise self.no_member(room, person_id)
        return room, membership

    def no_member(self, room: LockedRoom, person_id: int) -> CommandError:
        """The refusal of a person who is not in the room: in another space there is no such room."""
        try:
            self.room_for(room.id, person_id)
        except CommandError as error:
            return error
        return not_a_member(room.id)

    def append(
        self,
        outcome: Outcome,
        room: LockedRoom,
        build: Callable[[int, str], RoomEvent],
        *,
        message_id: UUID | None = None,
        body: dict[str, Any] | None = None,
        removed: tuple[int, ...] = (),
    ) -> int:
        """Store an event (not a new message) under the room's next seq and queue it for publication. Returns the seq."""
        seq = self.next_seq(room)
        event = build(seq, self.at)
        self.execute(
            f"INSERT INTO {EVENT} (room_id, seq, kind, at_us, message_id, body) VALUES (%s, %s, %s, %s, %s, %s)",
            [
                room.id,
                seq,
                event.__struct_config__.tag,
                self.at_us,
                message_id and self.uuid(message_id),
                encode(body or {}).decode(),
            ],
        )
        outcome.events.append(CommittedEvent(room.id, seq, encode(event), removed))
        return seq

    @staticmethod
    def next_seq(room: LockedRoom) -> int:
        room.head += 1
        room.moved = True
        return room.head

    def notify_user(
        self,
        outcome: Outcome,
        person_id: int,
        build: Callable[[int], UserFrame],
        *,
        joined: tuple[int, int, int] | None = None,
        left: int | None = None,
    ) -> None:
        """Queue a frame for all devices of one user. It gets the user's next version at the end of the transaction."""
        self._pending_updates[person_id].append(_PendingUpdate(outcome, build, joined, left))

    def after_heads(self, call: Callable[[], None]) -> None:
        """Call `call` once the rooms' heads are written: it may read rooms in their new state, and call `notify_user`."""
        self._after_heads.append(call)

    def finish(self) -> None:
        """Write the rooms' new heads, then the people's versions. Called once, at the end of the transaction."""
        moved = [(room.id, room.head, room.member_count) for room in self.rooms.values() if room.moved]
        if moved:
            table, values = as_table("moved", ("bigint", "bigint", "integer"), moved, is_postgres=self.is_postgres)
            self.execute(
                f"UPDATE {ROOM} SET head = moved.column2, member_count = moved.column3 FROM {table} WHERE id = moved.column1",
                values,
            )
        for call in self._after_heads:
            call()
        if self._pending_updates:
            self._number_user_frames()

    def lock_people(self, ids: Iterable[int]) -> None:
        """Lock these rows, ascending by id. Under SQLite the transaction has locked the whole database."""
        people = sorted(ids)
        if not self.is_postgres:
            return
        for some in batched(people, PEOPLE_AT_ONCE):
            # A full FOR UPDATE would also wait for foreign keys of other messages: two people who mention each other on two nodes
            # would deadlock.
            self.query(f"SELECT id FROM {PERSON} WHERE id IN ({marks(some)}) ORDER BY id FOR NO KEY UPDATE", some)

    def _number_user_frames(self) -> None:
        """Give each frame its own version, so that a client detects the loss of one."""
        self.lock_people(self._pending_updates)
        for people in batched(sorted(self._pending_updates), PEOPLE_AT_ONCE):
            self._number_frames_of(people)

    def _number_frames_of(self, people: Sequence[int]) -> None:
        cases = " ".join("WHEN %s THEN %s" for _ in people)
        counts = [value for person in people for value in (person, len(self._pending_updates[person]))]
        rows = self.query(
            f"UPDATE {PERSON} SET version = version + CASE id {cases} ELSE 0 END "
            f"WHERE id IN ({marks(people)}) RETURNING id, version",
            [*counts, *people],
        )
        for person_id, version in rows:
            frames = self._pending_updates[person_id]
            for number, update in enumerate(frames, start=version - len(frames) + 1):
                frame = encode(update.build(number))
                update.outcome.updates.append(UserUpdate(person_id, number, frame, update.joined, update.left))

    def query(self, sql: str, parameters: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        return self._driver.query(sql, list(parameters))

    def execute(self, sql: str, parameters: Iterable[Any] = ()) -> int:
        """Rows changed."""
        return self._driver.execute(sql, list(parameters))

    def execute_many(self, sql: str, rows: list[tuple[Any, ...]]) -> None:
        self._driver.execute_many(sql, rows)

    def uuid(self, value: UUID) -> Any:
        """In the database's representation."""
        return value if self._native_uuids else value.hex


def batched(values: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]


def db_uuid(connection: BaseDatabaseWrapper, value: UUID) -> Any:
    """In the database's representation: SQLite stores UUIDs as 32 hexadecimal digits."""
    return value if connection.features.has_native_uuid_field else value.hex


def from_db_uuid(value: Any) -> UUID:
    return value if isinstance(value, UUID) else UUID(hex=value)


def marks(values: Iterable[Any]) -> str:
    return ", ".join("%s" for _ in values)


def no_room(room_id: int) -> CommandError:
    return CommandError(Code.ROOM_NOT_FOUND, f"There is no room {room_id}.")


def not_a_member(room_id: int) -> CommandError:
    return CommandError(Code.NOT_A_MEMBER, f"You are not a member of room {room_id}.")


ROOM = Room._meta.db_table
WORKSPACE = Workspace._meta.db_table
MEMBERSHIP = Membership._meta.db_table
MESSAGE = Message._meta.db_table
EVENT = Event._meta.db_table
PERSON = Person._meta.db_table
MENTION = Mention._meta.db_table
THREAD_FOLLOW = ThreadFollow._meta.db_table
NAME_KEY = NameKey._meta.db_table
DRAFT = Draft._meta.db_table
SCHEDULED = Scheduled._meta.db_table
ALLOWANCE = Allowance._meta.db_table
FOLLOWER_CURSOR = FollowerCursor._meta.db_table
FOLLOWER_LEASE = FollowerLease._meta.db_table
ACTIVITY = Activity._meta.db_table
INTENT = Intent._meta.db_table
NOTICE = Notice._meta.db_table
BLOB = Blob._meta.db_table
NOTIFICATION_SETTINGS = NotificationSettings._meta.db_table
PERSON_NOTIFICATION = PersonNotification._meta.db_table
PUSH_SUBSCRIPTION = PushSubscription._meta.db_table
PUSH_MESSAGE = PushMessage._meta.db_table
UPLOAD = Upload._meta.db_table
UPLOAD_PART = UploadPart._meta.db_table
