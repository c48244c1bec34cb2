"""Operations of the site in rooms that it is not a member of. The operations of `commands/` belong to members.

The actor is the person by whom the site acts (`people.system_person`), or one whom the site names. No rule about members applies to it,
and no allowance. What holds for every room still holds: a direct room has two members for ever, and a room of people has an owner.
"""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from backchannel import rules
from backchannel.commands.create_room import insert_room, seat_first_members
from backchannel.commands.delete_message import erase
from backchannel.commands.edit_message import change_text
from backchannel.commands.on_message import check_has_body
from backchannel.commands.on_room import OnRoom, check_found
from backchannel.commands.update_room import change_room
from backchannel.protocol.shapes import Message, User
from backchannel.store import intents, people, reads
from backchannel.store.memberships import (
    MEMBER,
    ORDINARY,
    OWNER,
    add_member,
    end_membership,
    keep_an_owner,
    notify_invited,
    states_in,
)
from backchannel.store.operation import Operation
from backchannel.store.transaction import MEMBERSHIP, LockedRoom, Outcome, Transaction


class MakeRoom(Operation, frozen=True, kw_only=True):
    """Make the room of this key, or find it and add the members that it lacks. The result is its id."""

    key: str
    kind: Literal["group", "channel"]
    name: str | None
    topic: str
    members: Sequence[int]
    sync_members: bool
    """Everybody else in an existing room is removed."""
    space: str | None = None
    """The tenant of a new room. None: that of its first member."""

    def rooms_to_lock(self) -> Sequence[int]:
        """A key belongs to the same room for ever."""
        room_id = self._find()
        return () if room_id is None else (room_id,)

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        ids = list(dict.fromkeys(self.members))
        room_id = self._find()
        if room_id is None:
            space = (people.space_of(ids[0]) if ids else "") if self.space is None else self.space
            users = check_found(ids, people.users_of_space(ids, space), "members")
            room_id = insert_room(
                transaction, self.kind, self.name, self.topic, space=space, member_count=len(users), key=self.key
            )
            if room_id is not None:
                outcome.result = room_id
                roles = {user_id: OWNER if user_id == self.members[0] else ORDINARY for user_id in users}
                seat_first_members(transaction, outcome, room_id, roles, users, self.actor)
                return
            room_id = self._find()  # another process has just made it
            assert room_id is not None
        outcome.result = room_id
        transaction.lock_rooms([room_id])
        room = transaction.room(room_id)
        users = check_found(ids, people.users_of_space(ids, room.space), "members")
        _add(transaction, outcome, room, users, self.actor)
        if self.sync_members:
            rows = transaction.query(
                f"SELECT person_id FROM {MEMBERSHIP} WHERE room_id = %s AND state = %s", [room_id, MEMBER]
            )
            _remove(transaction, outcome, room, [row[0] for row in rows if row[0] not in users], self.actor)

    def _find(self) -> int | None:
        return intents.rooms_of_keys([self.key]).get(self.key)


class AddPeople(OnRoom, frozen=True, kw_only=True):
    """Also those who left, or were removed: the site decides."""

    user_ids: Sequence[int]

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        room = transaction.room(self.room_id)
        rules.check_not_direct(room.kind, "make a group to talk with more")
        ids = list(dict.fromkeys(self.user_ids))
        users = check_found(ids, people.users_of_space(ids, room.space), "user_ids")
        _add(transaction, outcome, room, users, self.actor)


class RemovePeople(OnRoom, frozen=True, kw_only=True):
    """Who is not in the room, is left alone."""

    user_ids: Sequence[int]

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        room = transaction.room(self.room_id)
        rules.check_not_direct(room.kind, "nobody can be removed")
        _remove(transaction, outcome, room, list(dict.fromkeys(self.user_ids)), self.actor)


class ChangeRoom(OnRoom, frozen=True, kw_only=True):
    """A field that is None is not changed."""

    name: str | None
    topic: str | None

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        change_room(transaction, outcome, transaction.room(self.room_id), self.name, self.topic)


class ChangeMessage(OnRoom, frozen=True, kw_only=True):
    """Give a message of the room another text. The same text changes nothing."""

    message_id: UUID
    content: str

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        message = _message_in(transaction, self.room_id, self.message_id)
        check_has_body(message)
        if message.content != self.content:
            change_text(transaction, outcome, transaction.room(self.room_id), message, self.content)


class RemoveMessage(OnRoom, frozen=True, kw_only=True):
    """Leave a tombstone of a message of the room. One that is a tombstone already stays."""

    message_id: UUID

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        message = _message_in(transaction, self.room_id, self.message_id)
        if not message.deleted:
            erase(transaction, outcome, transaction.room(self.room_id), message)


def _message_in(transaction: Transaction, room_id: int, message_id: UUID) -> Message:
    """Raises `message_not_found`: there is none of this id in the room, which alone is locked."""
    message = reads.messages_by_id(transaction.connection, [message_id]).get(message_id)
    if message is None or message.room_id != room_id:
        raise reads.no_message(message_id)
    return message


def _add(transaction: Transaction, outcome: Outcome, room: LockedRoom, users: dict[int, User], by: User) -> None:
    states = states_in(transaction, room.id, users) if users else {}
    added = [user for user in users.values() if states.get(user.id) != MEMBER]
    for user in added:
        add_member(transaction, outcome, room, user, by)
        notify_invited(transaction, outcome, room.id, user.id, by)
    if added:
        keep_an_owner(transaction, outcome, room)


def _remove(transaction: Transaction, outcome: Outcome, room: LockedRoom, ids: Sequence[int], by: User) -> None:
    states = states_in(transaction, room.id, ids) if ids else {}
    for user_id in ids:
        if states.get(user_id) == MEMBER:
            end_membership(transaction, outcome, room, people.user_in_any_state(user_id), by)
