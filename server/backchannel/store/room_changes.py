"""Rooms made, changed, joined and left. A membership moves in the room's own log, so that it has its place among the messages."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from msgspec import structs

from backchannel import rules
from backchannel.protocol.errors import Code, CommandError, invalid
from backchannel.protocol.events import (
    MemberJoined,
    MemberLeft,
    Notification,
    RoomFacts,
    RoomRemoved,
    RoomUpdated,
)
from backchannel.protocol.results import RoomResult
from backchannel.protocol.shapes import Limits, Room, User
from backchannel.store import people, rooms
from backchannel.store.allowances import PEOPLE_ADDED, ROOMS_CREATED, Spending, check_room_for
from backchannel.store.clock import now_us
from backchannel.store.models import Membership
from backchannel.store.owners import keep_an_owner, tell_added
from backchannel.store.transaction import MEMBERSHIP, ROOM, Change, LockedRoom, Outcome, Transaction, marks
from backchannel.text_rules import fold

MEMBER = Membership.State.MEMBER.value
REMOVED = Membership.State.REMOVED.value
FOLDED_LENGTH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateRoom(Change):
    """`outcome.result` is the room; `created` tells whether it is new (a direct room may be there already)."""

    kind: Literal["direct", "group", "channel"]
    name: str | None
    topic: str
    members: Sequence[int]
    limits: Limits | None = None

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        others = list(dict.fromkeys(user_id for user_id in self.members if user_id != self.actor.id))
        direct_key = self._direct_key(others)
        if direct_key:  # it is there for ever, also where the other has been deactivated since
            existing = transaction.query(f"SELECT id FROM {ROOM} WHERE direct_key = %s", [direct_key])
            if existing:
                outcome.result = Created(_room_for(existing[0][0], self.actor.id), created=False)
                return
        users = _check_users(others, "members")
        spending = Spending(transaction, self.actor, self.limits)
        spending.check(ROOMS_CREATED, 1)
        if self.kind != "direct":
            spending.check(PEOPLE_ADDED, len(others))
            check_room_for(transaction, self.actor, [self.actor, *users.values()], self.limits)
        spending.write()
        room_id = _insert_room(transaction, self.kind, self.name, self.topic, direct_key, 1 + len(others))
        owner = Membership.Role.MEMBER if self.kind == "direct" else Membership.Role.OWNER
        rows = [
            (room_id, self.actor.id, owner.value),
            *((room_id, user, Membership.Role.MEMBER.value) for user in others),
        ]
        transaction.execute_many(
            f"INSERT INTO {MEMBERSHIP} (room_id, person_id, role, state, joined_seq, read_seq) "
            f"VALUES (%s, %s, %s, '{MEMBER}', 0, 0)",
            rows,
        )
        for _, user_id, _ in rows:
            tell_added(transaction, outcome, room_id, user_id)
            if self.kind != "direct" and user_id in users:
                _tell_invited(transaction, outcome, room_id, user_id, self.actor)
        transaction.after_heads(lambda: _set_created(outcome, room_id, self.actor.id))

    def _direct_key(self, others: list[int]) -> str | None:
        if self.kind != "direct":
            return None
        if len(others) != 1:
            raise invalid(members="A direct room is with exactly one other person.")
        first, second = sorted((self.actor.id, others[0]))
        return f"{first}:{second}"


@dataclass(frozen=True, slots=True)
class Created:
    room: Room
    created: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomChange(Change):
    room_id: int

    def rooms(self) -> tuple[int, ...]:
        return (self.room_id,)


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateRoom(RoomChange):
    """What is None stays as it is."""

    name: str | None
    topic: str | None

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        room, _ = transaction.check_member(self.room_id, self.actor.id)
        rules.check_not_direct(room.kind, "it has no name or topic to change")
        name = rules.check_room_name(room.kind, self.name) if self.name is not None else room.name
        topic = room.topic if self.topic is None else self.topic
        _answer_with_room(transaction, outcome, room.id, self.actor.id)
        if (name, topic) == (room.name, room.topic):
            return
        room.name, room.topic = name, topic
        facts = RoomFacts(room.id, room.kind, name, topic, room.member_count)  # type: ignore[arg-type]
        transaction.log(
            outcome, room,
            lambda seq, at: RoomUpdated(room_id=room.id, seq=seq, at=at, room=facts),
            body={"room": facts},
        )  # fmt: skip
        transaction.execute(
            f"UPDATE {ROOM} SET name = %s, topic = %s, folded = %s WHERE id = %s", [name, topic, _folded(name), room.id]
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinRoom(RoomChange):
    limits: Limits | None = None

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        room = transaction.room(self.room_id)
        standing = transaction.standing(room.id, self.actor.id)
        if standing is None or standing.state != MEMBER:
            rules.check_may_join(room.kind, standing.state if standing else None)
            check_room_for(transaction, self.actor, [self.actor], self.limits)
            _enter(transaction, outcome, room, self.actor, self.actor)
            keep_an_owner(transaction, outcome, room)
        _answer_with_room(transaction, outcome, room.id, self.actor.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddMembers(RoomChange):
    user_ids: Sequence[int]
    limits: Limits | None = None

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        room, mine = transaction.check_member(self.room_id, self.actor.id)
        rules.check_not_direct(room.kind, "make a group to talk with more")
        users = _check_users(list(dict.fromkeys(self.user_ids)), "user_ids")
        states = self._states(transaction, users)
        rules.check_may_add(mine.role, [users[user].display_name for user, state in states.items() if state == REMOVED])
        coming = [user for user in users.values() if states.get(user.id) != MEMBER]
        spending = Spending(transaction, self.actor, self.limits)
        spending.check(PEOPLE_ADDED, len(coming))
        check_room_for(transaction, self.actor, coming, self.limits)
        spending.write()
        for user in coming:
            _enter(transaction, outcome, room, user, self.actor)
            _tell_invited(transaction, outcome, room.id, user.id, self.actor)
        if coming:
            keep_an_owner(transaction, outcome, room)
        _answer_with_room(transaction, outcome, room.id, self.actor.id)

    def _states(self, transaction: Transaction, users: Collection[int]) -> dict[int, str]:
        """Of those of them who are or were in the room."""
        return dict(
            transaction.query(
                f"SELECT person_id, state FROM {MEMBERSHIP} WHERE room_id = %s AND person_id IN ({marks(users)})",
                [self.room_id, *users],
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveRoom(RoomChange):
    """Leaving twice is leaving once: nothing happens, and the second answer tells nothing of what the room became since."""

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        room = transaction.room(self.room_id)
        standing = transaction.standing(room.id, self.actor.id)
        if standing is None or standing.state == Membership.State.REMOVED:
            transaction.check_member(room.id, self.actor.id)
        if standing is not None and standing.state == MEMBER:
            rules.check_not_direct(room.kind, "it cannot be left")
            _exit(transaction, outcome, room, self.actor, self.actor)
            outcome.result = RoomResult(_room_from_outside(room))
        else:
            outcome.result = RoomResult(_room_once_left(transaction, room, self.actor.id))


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveMember(RoomChange):
    user_id: int

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        room, mine = transaction.check_member(self.room_id, self.actor.id)
        rules.check_not_direct(room.kind, "nobody can be removed")
        if self.user_id == self.actor.id:
            raise invalid(user_id="To leave a room yourself, leave it: nobody is removed by their own hand.")
        theirs = transaction.standing(room.id, self.user_id)
        if theirs is None or theirs.state != MEMBER:
            rules.check_may_remove(mine.role, "member")
            raise CommandError(Code.USER_NOT_FOUND, f"User {self.user_id} is not a member of this room.")
        rules.check_may_remove(mine.role, theirs.role)
        _exit(transaction, outcome, room, people.user_in_any_state(self.user_id), self.actor)
        _answer_with_room(transaction, outcome, room.id, self.actor.id)


def _enter(transaction: Transaction, outcome: Outcome, room: LockedRoom, user: User, by: User) -> None:
    room.member_count += 1
    seq = transaction.log(
        outcome, room,
        lambda seq, at: MemberJoined(room_id=room.id, seq=seq, at=at, user=user, by=by),
        body={"user": user, "by": by},
    )  # fmt: skip
    # What was said before somebody came is not unread for them.
    transaction.execute(
        f"INSERT INTO {MEMBERSHIP} (room_id, person_id, role, state, joined_seq, read_seq) VALUES (%s, %s, %s, %s, %s, %s) "
        "ON CONFLICT (room_id, person_id) DO UPDATE SET role = excluded.role, state = excluded.state, "
        "joined_seq = excluded.joined_seq, left_seq = NULL, read_seq = excluded.read_seq",
        [room.id, user.id, Membership.Role.MEMBER.value, MEMBER, seq, seq],
    )
    tell_added(transaction, outcome, room.id, user.id)


def _exit(transaction: Transaction, outcome: Outcome, room: LockedRoom, user: User, by: User) -> None:
    reason: Literal["left", "removed"] = "left" if user.id == by.id else "removed"
    room.member_count -= 1
    seq = transaction.log(
        outcome, room,
        lambda seq, at: MemberLeft(room_id=room.id, seq=seq, at=at, user=user, by=by),
        body={"user": user, "by": by},
        removed=(user.id,),
    )  # fmt: skip
    transaction.execute(
        f"UPDATE {MEMBERSHIP} SET state = %s, left_seq = %s, role = %s WHERE room_id = %s AND person_id = %s",
        [reason, seq, Membership.Role.MEMBER.value, room.id, user.id],
    )
    transaction.tell(
        outcome, user.id,
        lambda version: RoomRemoved(user_version=version, room_id=room.id, reason=reason),
        left=room.id,
    )  # fmt: skip
    keep_an_owner(transaction, outcome, room)


def _check_users(ids: list[int], field: str) -> dict[int, User]:
    users = people.users_by_id(ids)
    missing = [str(user_id) for user_id in ids if user_id not in users]
    if missing:
        raise CommandError(
            Code.USER_NOT_FOUND,
            f"There is no user {', '.join(missing)}.",
            errors={field: [f"There is no user {', '.join(missing)}."]},
        )
    return users


def _folded(name: str | None) -> str:
    return fold(name or "")[:FOLDED_LENGTH]


def _insert_room(
    transaction: Transaction, kind: str, name: str | None, topic: str, direct_key: str | None, members: int
) -> int:
    rows = transaction.query(
        f"INSERT INTO {ROOM} (kind, name, topic, direct_key, head, member_count, created_us, folded) "
        "VALUES (%s, %s, %s, %s, 0, %s, %s, %s) RETURNING id",
        [kind, name, topic, direct_key, members, now_us(), _folded(name)],
    )
    return int(rows[0][0])


def _tell_invited(transaction: Transaction, outcome: Outcome, room_id: int, user_id: int, by: User) -> None:
    def note() -> None:
        transaction.tell(
            outcome, user_id,
            lambda version: Notification(user_version=version, kind="invitation", room_id=room_id, message_id=None, by=by),
        )  # fmt: skip

    transaction.after_heads(note)  # after the room itself, so that a client knows what it is invited to


def _answer_with_room(transaction: Transaction, outcome: Outcome, room_id: int, user_id: int) -> None:
    def look() -> None:
        outcome.result = RoomResult(_room_for(room_id, user_id))

    transaction.after_heads(look)


def _set_created(outcome: Outcome, room_id: int, user_id: int) -> None:
    outcome.result = Created(_room_for(room_id, user_id), created=True)


def _room_for(room_id: int, user_id: int) -> Room:
    return rooms.rooms_of(user_id, [room_id])[0]


def _room_once_left(transaction: Transaction, room: LockedRoom, person_id: int) -> Room:
    """What somebody who left earlier is shown: of a channel what everybody can find, of a group that there is one."""
    rows = transaction.query(
        f"SELECT left_seq FROM {MEMBERSHIP} WHERE room_id = %s AND person_id = %s", [room.id, person_id]
    )
    shown = structs.replace(_room_from_outside(room), seq=rows[0][0], read_seq=rows[0][0])
    return shown if room.kind == "channel" else structs.replace(shown, name=None, topic="", member_count=0)


def _room_from_outside(room: LockedRoom) -> Room:
    """A room as somebody who is not in it sees it: no counts, no messages."""
    return Room(
        id=room.id, kind=room.kind, name=room.name, topic=room.topic, seq=room.head, read_seq=room.head,  # type: ignore[arg-type]
        unread_count=0, mention_count=0, member_count=room.member_count, members=[], role="member", last_message=None,
    )  # fmt: skip
