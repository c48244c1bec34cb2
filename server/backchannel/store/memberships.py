"""Begins and ends memberships, inside a transaction that holds the room's lock.

A membership change is an event of the room's log, and so has its position among the messages. Every group and channel with an
active member has an active owner who can manage it.
"""

from collections.abc import Collection
from typing import Final, Literal

from backchannel.protocol.events import MemberJoined, MemberLeft, Notification, RoomAdded, RoomRemoved
from backchannel.protocol.shapes import User
from backchannel.store import rooms
from backchannel.store.models import Membership
from backchannel.store.reads import IDS_AT_ONCE
from backchannel.store.transaction import (
    MEMBERSHIP,
    PERSON,
    ROOM,
    THREAD_FOLLOW,
    LockedRoom,
    Outcome,
    Transaction,
    batched,
    marks,
)

MEMBER: Final = Membership.State.MEMBER.value
LEFT: Final = Membership.State.LEFT.value
REMOVED: Final = Membership.State.REMOVED.value
OWNER: Final = Membership.Role.OWNER.value
ORDINARY: Final = Membership.Role.MEMBER.value
"""The role of a member who is neither owner nor admin."""

_ACTIVE_MEMBERS: Final = (
    f"FROM {MEMBERSHIP} mb JOIN {PERSON} p ON p.id = mb.person_id WHERE mb.room_id = %s AND mb.state = %s AND p.active"
)


_BIGINT: Final = "CAST(%s AS bigint)"


class WrongSpace(Exception):
    """A person was about to enter a room of another space. A check was forgotten: nothing of the transaction is stored."""


def check_seats(transaction: Transaction, room_id: int) -> None:
    """Check that everybody in the room is of its space. Raises `WrongSpace`."""
    if transaction.query(
        f"SELECT 1 FROM {MEMBERSHIP} mb JOIN {PERSON} p ON p.id = mb.person_id JOIN {ROOM} r ON r.id = mb.room_id "
        "WHERE mb.room_id = %s AND p.space <> r.space LIMIT 1",
        [room_id],
    ):
        raise WrongSpace(f"Room {room_id} holds people of another space.")


def add_member(transaction: Transaction, outcome: Outcome, room: LockedRoom, user: User, by: User) -> None:
    """Log that `user` joined, and announce the room to them. Earlier messages count as read."""
    room.member_count += 1
    seq = transaction.append(
        outcome, room,
        lambda seq, at: MemberJoined(room_id=room.id, seq=seq, at=at, user=user, by=by),
        body={"user": user, "by": by},
    )  # fmt: skip
    seated = transaction.execute(
        f"INSERT INTO {MEMBERSHIP} (room_id, person_id, role, state, joined_seq, read_seq, threads_read_seq) "
        f"SELECT %s, p.id, %s, %s, {_BIGINT}, {_BIGINT}, {_BIGINT} FROM {PERSON} p WHERE p.id = %s AND p.space = %s "
        "ON CONFLICT (room_id, person_id) DO UPDATE SET role = excluded.role, state = excluded.state, "
        "joined_seq = excluded.joined_seq, left_seq = NULL, read_seq = excluded.read_seq, "
        "threads_read_seq = excluded.threads_read_seq, unread_from = NULL",
        [room.id, ORDINARY, MEMBER, seq, seq, seq, user.id, room.space],
    )
    if not seated:
        raise WrongSpace(f"Person {user.id} is not of the space of room {room.id}.")
    announce_room(transaction, outcome, room.id, user.id)


def end_membership(transaction: Transaction, outcome: Outcome, room: LockedRoom, user: User, by: User) -> None:
    """Log that `user` left, or was removed by `by`. They receive nothing of the room after this event."""
    reason: Literal["left", "removed"] = "left" if user.id == by.id else "removed"
    room.member_count -= 1
    seq = transaction.append(
        outcome, room,
        lambda seq, at: MemberLeft(room_id=room.id, seq=seq, at=at, user=user, by=by),
        body={"user": user, "by": by},
        removed=(user.id,),
    )  # fmt: skip
    transaction.execute(
        f"UPDATE {MEMBERSHIP} SET state = %s, left_seq = %s, role = %s WHERE room_id = %s AND person_id = %s",
        [reason, seq, ORDINARY, room.id, user.id],
    )
    # Who returns begins with everything read: `add_member` sees to the room, this to its threads.
    transaction.execute(
        f"UPDATE {THREAD_FOLLOW} SET unread_from = NULL WHERE person_id = %s AND room_id = %s AND unread_from IS NOT NULL",
        [user.id, room.id],
    )
    transaction.notify_user(
        outcome, user.id,
        lambda version: RoomRemoved(user_version=version, room_id=room.id, reason=reason),
        left=room.id,
    )  # fmt: skip
    keep_an_owner(transaction, outcome, room)


def states_in(transaction: Transaction, room_id: int, people: Collection[int]) -> dict[int, str]:
    """Person → state of their membership, for those of `people` who are or were members."""
    found: dict[int, str] = {}
    for some in batched(list(people), IDS_AT_ONCE):
        sql = f"SELECT person_id, state FROM {MEMBERSHIP} WHERE room_id = %s AND person_id IN ({marks(some)})"
        found.update(transaction.query(sql, [room_id, *some]))
    return found


def keep_an_owner(transaction: Transaction, outcome: Outcome, room: LockedRoom) -> None:
    """If no active owner is left, make the longest-standing active admin the owner, else the longest-standing active member. If no
    active member is left either, the next person to join becomes the owner."""
    if room.kind == "direct" or transaction.query(
        f"SELECT 1 {_ACTIVE_MEMBERS} AND mb.role = 'owner' LIMIT 1", [room.id, MEMBER]
    ):
        return
    heirs = transaction.query(
        f"SELECT mb.person_id {_ACTIVE_MEMBERS} ORDER BY CASE mb.role WHEN 'admin' THEN 0 ELSE 1 END, mb.joined_seq, mb.id LIMIT 1",
        [room.id, MEMBER],
    )
    if heirs:
        heir = heirs[0][0]
        transaction.execute(
            f"UPDATE {MEMBERSHIP} SET role = 'owner' WHERE room_id = %s AND person_id = %s", [room.id, heir]
        )
        announce_room(transaction, outcome, room.id, heir, joins=False)


def announce_room(
    transaction: Transaction, outcome: Outcome, room_id: int, user_id: int, *, joins: bool = True
) -> None:
    """Send this person the room as they see it now: they joined, or (`joins` is False) their role changed. At most once per
    transaction, and not if they are gone again by its end."""
    pair = (room_id, user_id)
    is_queued = pair in transaction.announced
    transaction.announced[pair] = joins or transaction.announced.get(pair, False)
    if is_queued:
        return

    def announce() -> None:
        found = rooms.rooms_of(user_id, [room_id])
        if not found:
            return
        room = found[0]
        transaction.notify_user(
            outcome, user_id,
            lambda version: RoomAdded(user_version=version, room=room),
            joined=(room.id, room.seq, room.member_count) if transaction.announced[pair] else None,
        )  # fmt: skip

    transaction.after_heads(announce)


def notify_invited(transaction: Transaction, outcome: Outcome, room_id: int, user_id: int, by: User) -> None:
    """Queue the invitation after the room's announcement, so that a client knows the room it is invited to."""

    def notify() -> None:
        transaction.notify_user(
            outcome, user_id,
            lambda version: Notification(user_version=version, kind="invitation", room_id=room_id, message_id=None, by=by),
        )  # fmt: skip

    transaction.after_heads(notify)
