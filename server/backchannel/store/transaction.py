"""One write transaction, as the operations in a batch see it.

Lock order, everywhere: rooms (ascending id) → memberships → people (ascending id). An operation checks first and writes
after, so that a refused one leaves nothing behind and needs no savepoint.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from django.db.backends.base.base import BaseDatabaseWrapper

from backchannel.protocol import times
from backchannel.protocol.codec import encode
from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.events import RoomEvent, UserFrame
from backchannel.protocol.shapes import User
from backchannel.store.driver import driver_of
from backchannel.store.models import Allowance, Event, Membership, Mention, Message, NameKey, Person, Room, Workspace


@dataclass(slots=True)
class LockedRoom:
    """A room's row, held until commit. `head` moves as events are appended."""

    id: int
    kind: str
    name: str | None
    topic: str
    head: int
    member_count: int
    moved: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """Somebody's membership of a locked room."""

    role: str
    state: str
    joined_seq: int
    read_seq: int


class CommittedEvent(msgspec.Struct, frozen=True):
    """A committed room event, ready to be published. `removed`: people who hear nothing of the room after it."""

    room_id: int
    seq: int
    frame: bytes
    removed: tuple[int, ...] = ()


class UserUpdate(msgspec.Struct, frozen=True):
    """A committed frame for one user. `joined`: (room, seq its events start after, members); `left`: the room."""

    user_id: int
    version: int
    frame: bytes
    joined: tuple[int, int, int] | None = None
    left: int | None = None


class Outcome(msgspec.Struct, eq=False):
    """What became of one operation: its result or the error it is answered with, and what everybody hears of it."""

    result: Any = None
    error: CommandError | None = None
    logged: list[CommittedEvent] = []
    told: list[UserUpdate] = []


@dataclass(slots=True)
class _ToTell:
    outcome: Outcome
    build: Callable[[int], UserFrame]
    joined: tuple[int, int, int] | None
    left: int | None


class Transaction:
    """Made by the writer for one batch; everything in it happens under the locks of `lock_rooms`."""

    def __init__(self, connection: BaseDatabaseWrapper, at_us: int) -> None:
        self.connection = connection
        self.at_us = at_us
        self.at = times.to_wire(at_us)
        self.rooms: dict[int, LockedRoom] = {}
        self.is_postgres = connection.vendor == "postgresql"
        self._driver = driver_of(connection)
        self._native_uuids = connection.features.has_native_uuid_field
        self._to_tell: dict[int, list[_ToTell]] = defaultdict(list)
        self._after_heads: list[Callable[[], None]] = []
        self.told_added: set[tuple[int, int]] = set()
        """(room, person) who are told of the room when all is written."""

    def lock_rooms(self, ids: Iterable[int]) -> None:
        """Lock those of the rooms that exist. SQLite holds the whole database already (BEGIN IMMEDIATE)."""
        wanted = sorted(set(ids) - self.rooms.keys())
        if not wanted:
            return
        rows = self.query(
            f"SELECT id, kind, name, topic, head, member_count FROM {ROOM} WHERE id IN ({marks(wanted)}) ORDER BY id"
            + (" FOR NO KEY UPDATE" if self.is_postgres else ""),
            wanted,
        )
        for row in rows:
            self.rooms[row[0]] = LockedRoom(*row)

    def room(self, room_id: int) -> LockedRoom:
        """The locked room; raises `room_not_found`."""
        room = self.rooms.get(room_id)
        if room is None:
            raise CommandError(Code.ROOM_NOT_FOUND, f"There is no room {room_id}.")
        return room

    def standing(self, room_id: int, person_id: int) -> Standing | None:
        rows = self.query(
            f"SELECT role, state, joined_seq, read_seq FROM {MEMBERSHIP} WHERE room_id = %s AND person_id = %s",
            [room_id, person_id],
        )
        return Standing(*rows[0]) if rows else None

    def check_member(self, room_id: int, person_id: int) -> tuple[LockedRoom, Standing]:
        """The room and the person's standing in it; raises `room_not_found` or `not_a_member`."""
        room = self.room(room_id)
        standing = self.standing(room_id, person_id)
        if standing is None or standing.state != Membership.State.MEMBER:
            raise not_a_member(room_id)
        return room, standing

    def log(
        self,
        outcome: Outcome,
        room: LockedRoom,
        build: Callable[[int, str], RoomEvent],
        *,
        message_id: UUID | None = None,
        body: dict[str, Any] | None = None,
        removed: tuple[int, ...] = (),
    ) -> int:
        """Give the room's next seq to an event that is not a new message, store it, and note it for publication."""
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
        outcome.logged.append(CommittedEvent(room.id, seq, encode(event), removed))
        return seq

    @staticmethod
    def next_seq(room: LockedRoom) -> int:
        room.head += 1
        room.moved = True
        return room.head

    def tell(
        self,
        outcome: Outcome,
        person_id: int,
        build: Callable[[int], UserFrame],
        *,
        joined: tuple[int, int, int] | None = None,
        left: int | None = None,
    ) -> None:
        """Note a frame for one user; it gets the user's next version at the end of the batch."""
        self._to_tell[person_id].append(_ToTell(outcome, build, joined, left))

    def after_heads(self, look: Callable[[], None]) -> None:
        """Call `look` once the rooms' heads are written: it may read rooms as they are now, and `tell`."""
        self._after_heads.append(look)

    def finish(self) -> None:
        """Write what was gathered: the rooms' heads, then the people's versions. Call once, last."""
        moved = [(room.id, room.head, room.member_count) for room in self.rooms.values() if room.moved]
        if moved:
            self.execute(
                f"UPDATE {ROOM} SET head = moved.column2, member_count = moved.column3 "
                f"FROM (VALUES {', '.join(['(%s, %s, %s)'] * len(moved))}) AS moved WHERE id = moved.column1",
                [value for row in moved for value in row],
            )
        for look in self._after_heads:
            look()
        if self._to_tell:
            self._number_user_frames()

    def _number_user_frames(self) -> None:
        """One version for each frame, so that a client notices when one of them was lost on the way."""
        people = sorted(self._to_tell)
        if self.is_postgres:
            # The full FOR UPDATE would also wait for the foreign keys of others' messages: two people who mention each
            # other on two nodes would wait in a circle.
            self.query(f"SELECT id FROM {PERSON} WHERE id IN ({marks(people)}) ORDER BY id FOR NO KEY UPDATE", people)
        cases = " ".join("WHEN %s THEN %s" for _ in people)
        counts = [value for person in people for value in (person, len(self._to_tell[person]))]
        rows = self.query(
            f"UPDATE {PERSON} SET version = version + CASE id {cases} ELSE 0 END "
            f"WHERE id IN ({marks(people)}) RETURNING id, version",
            [*counts, *people],
        )
        for person_id, version in rows:
            frames = self._to_tell[person_id]
            for number, told in enumerate(frames, start=version - len(frames) + 1):
                frame = encode(told.build(number))
                told.outcome.told.append(UserUpdate(person_id, number, frame, told.joined, told.left))

    def query(self, sql: str, parameters: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        return self._driver.query(sql, list(parameters))

    def execute(self, sql: str, parameters: Iterable[Any] = ()) -> int:
        """Rows changed."""
        return self._driver.execute(sql, list(parameters))

    def execute_many(self, sql: str, rows: list[tuple[Any, ...]]) -> None:
        self._driver.execute_many(sql, rows)

    def uuid(self, value: UUID) -> Any:
        """As the database has it."""
        return value if self._native_uuids else value.hex


def db_uuid(connection: BaseDatabaseWrapper, value: UUID) -> Any:
    """As the database has it: SQLite keeps UUIDs as 32 hexadecimal digits."""
    return value if connection.features.has_native_uuid_field else value.hex


def from_db_uuid(value: Any) -> UUID:
    return value if isinstance(value, UUID) else UUID(hex=value)


def marks(values: Iterable[Any]) -> str:
    return ", ".join("%s" for _ in values)


def not_a_member(room_id: int) -> CommandError:
    return CommandError(Code.NOT_A_MEMBER, f"You are not a member of room {room_id}.")


ROOM = Room._meta.db_table
WORKSPACE = Workspace._meta.db_table
MEMBERSHIP = Membership._meta.db_table
MESSAGE = Message._meta.db_table
EVENT = Event._meta.db_table
PERSON = Person._meta.db_table
MENTION = Mention._meta.db_table
NAME_KEY = NameKey._meta.db_table
ALLOWANCE = Allowance._meta.db_table


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something to be written that is not a new message. `actor` is the person who wants it."""

    actor: User

    @property
    def shares_transaction(self) -> bool:
        """True where it may be committed together with others: it touches rows of its actor alone."""
        return False

    def rooms(self) -> tuple[int, ...]:
        """The rooms whose log it may move; they are locked when `apply` is called."""
        return ()

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        """Check, then write, and set `outcome.result`. Raises CommandError before anything is written."""
        raise NotImplementedError
