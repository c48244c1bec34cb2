"""Shared by the commands on a stored message: which room they lock, and who may give them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.events import RoomEvent
from backchannel.protocol.shapes import Message
from backchannel.store import reads
from backchannel.store.operation import Operation
from backchannel.store.transaction import MESSAGE, LockedRoom, MembershipRow, Outcome, Transaction


class OnMessage(Operation, frozen=True, kw_only=True):
    message_id: UUID

    def rooms_to_lock(self) -> Sequence[int]:
        """A message never moves to another room, so this holds before the lock."""
        return (reads.room_of_message(self.message_id),)

    def member_and_message(self, transaction: Transaction) -> tuple[LockedRoom, MembershipRow, Message]:
        """The message as it is, its room, and the actor's membership there. Raises `not_a_member`."""
        message = reads.messages_by_id(transaction.connection, [self.message_id])[self.message_id]
        try:
            room, membership = transaction.check_member(message.room_id, self.actor.id)
        except CommandError as error:
            # Of another space: the room is not to be named either.
            raise reads.no_message(self.message_id) if error.code is Code.ROOM_NOT_FOUND else error from None
        return room, membership, message

    def check(self, transaction: Transaction) -> tuple[LockedRoom, Message]:
        """Besides, the message still has a body: raises `message_deleted`."""
        room, _, message = self.member_and_message(transaction)
        check_has_body(message)
        return room, message

    def append_event(
        self, transaction: Transaction, outcome: Outcome, room: LockedRoom, event: type[RoomEvent], **body: Any
    ) -> int:
        """Log an event that names the message and carries `body`, on the wire as in the log. Returns its seq."""
        return transaction.append(
            outcome, room,
            lambda seq, at: event(room_id=room.id, seq=seq, at=at, message_id=self.message_id, **body),  # type: ignore[call-arg]
            message_id=self.message_id,
            body=body,
        )  # fmt: skip

    def update(self, transaction: Transaction, **columns: object) -> None:
        update_message(transaction, self.message_id, **columns)


def check_has_body(message: Message) -> None:
    if message.deleted:
        raise CommandError(Code.MESSAGE_DELETED, "This message was deleted.")


def update_message(transaction: Transaction, message_id: UUID, **columns: object) -> None:
    names = ", ".join(f"{name} = %s" for name in columns)
    transaction.execute(
        f"UPDATE {MESSAGE} SET {names} WHERE id = %s", [*columns.values(), transaction.uuid(message_id)]
    )
