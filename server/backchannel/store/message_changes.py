"""What may happen to a message after it was sent: edited, deleted, reacted to. Each is an event with a seq of its own."""

from dataclasses import dataclass
from uuid import UUID

import msgspec

from backchannel import rules
from backchannel.protocol.errors import Code, CommandError, invalid
from backchannel.protocol.events import MessageDeleted, MessageEdited, ReactionAdded, ReactionRemoved
from backchannel.protocol.results import MessageResult
from backchannel.protocol.shapes import Message, Reaction
from backchannel.protocol.times import to_wire
from backchannel.store import reads
from backchannel.store.render import reactions_to_text
from backchannel.store.transaction import MENTION, MESSAGE, Change, LockedRoom, Outcome, Standing, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageChange(Change):
    """`room_id` is where the message is (it never moves), read before the room is locked."""

    room_id: int
    message_id: UUID

    def rooms(self) -> tuple[int, ...]:
        return (self.room_id,)

    def message(self, transaction: Transaction) -> Message:
        return reads.messages_by_id(transaction.connection, [self.message_id])[self.message_id]

    def check(self, transaction: Transaction) -> tuple[LockedRoom, Standing, Message]:
        """The actor is in the room, and the message still has a body."""
        room, standing = transaction.check_member(self.room_id, self.actor.id)
        message = self.message(transaction)
        if message.deleted:
            raise CommandError(Code.MESSAGE_DELETED, "This message was deleted.")
        return room, standing, message

    def update(self, transaction: Transaction, **columns: object) -> None:
        names = ", ".join(f"{name} = %s" for name in columns)
        transaction.execute(
            f"UPDATE {MESSAGE} SET {names} WHERE id = %s", [*columns.values(), transaction.uuid(self.message_id)]
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EditMessage(MessageChange):
    content: str
    base_seq: int | None

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        room, _, message = self.check(transaction)
        rules.check_may_edit(message.sender.id, self.actor.id)
        if message.content == self.content:  # a retry, or nothing to do
            outcome.result = MessageResult(message)
            return
        if self.base_seq is not None and self.base_seq != message.rev_seq:
            raise CommandError(Code.EDIT_CONFLICT, "The message was changed meanwhile. Look at it, then edit again.")
        message.content = self.content
        message.edited_at = to_wire(transaction.at_us)
        message.rev_seq = room.head + 1
        transaction.log(
            outcome, room,
            lambda seq, at: MessageEdited(room_id=room.id, seq=seq, at=at, message=message),
            message_id=self.message_id,
        )  # fmt: skip
        self.update(transaction, content=self.content, edited_us=transaction.at_us, rev_seq=message.rev_seq)
        outcome.result = MessageResult(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteMessage(MessageChange):
    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        room, standing = transaction.check_member(self.room_id, self.actor.id)
        message = self.message(transaction)
        rules.check_may_delete(message.sender.id, self.actor.id, standing.role)
        if message.deleted:
            outcome.result = MessageResult(message)
            return
        message = msgspec.structs.replace(
            message, content="", reactions=[], attachments=[], deleted=True, edited_at=None, rev_seq=room.head + 1
        )
        transaction.log(
            outcome, room,
            lambda seq, at: MessageDeleted(room_id=room.id, seq=seq, at=at, message=message),
            message_id=self.message_id,
        )  # fmt: skip
        self.update(
            transaction,
            content="",
            reactions="[]",
            attachments="[]",
            deleted=True,
            edited_us=None,
            rev_seq=message.rev_seq,
        )
        transaction.execute(f"DELETE FROM {MENTION} WHERE room_id = %s AND seq = %s", [room.id, message.seq])
        outcome.result = MessageResult(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddReaction(MessageChange):
    emoji: str

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        room, _, message = self.check(transaction)
        outcome.result = MessageResult(message)
        reaction = next((each for each in message.reactions if each.emoji == self.emoji), None)
        if reaction is None:
            if len(message.reactions) >= rules.DIFFERENT_REACTIONS:
                raise invalid(emoji=f"A message holds {rules.DIFFERENT_REACTIONS} different reactions at most.")
            reaction = Reaction(self.emoji, 0, [])
            message.reactions.append(reaction)
        if self.actor.id in reaction.user_ids:
            return
        reaction.user_ids.append(self.actor.id)
        reaction.count += 1
        message.rev_seq = transaction.log(
            outcome, room,
            lambda seq, at: ReactionAdded(
                room_id=room.id, seq=seq, at=at, message_id=self.message_id, emoji=self.emoji, user_id=self.actor.id
            ),
            message_id=self.message_id,
            body={"emoji": self.emoji, "user_id": self.actor.id},
        )  # fmt: skip
        self.update(transaction, reactions=reactions_to_text(message.reactions), rev_seq=message.rev_seq)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveReaction(MessageChange):
    emoji: str

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        room, _, message = self.check(transaction)
        outcome.result = MessageResult(message)
        reaction = next((each for each in message.reactions if each.emoji == self.emoji), None)
        if reaction is None or self.actor.id not in reaction.user_ids:
            return
        reaction.user_ids.remove(self.actor.id)
        reaction.count -= 1
        if not reaction.count:
            message.reactions.remove(reaction)
        message.rev_seq = transaction.log(
            outcome, room,
            lambda seq, at: ReactionRemoved(
                room_id=room.id, seq=seq, at=at, message_id=self.message_id, emoji=self.emoji, user_id=self.actor.id
            ),
            message_id=self.message_id,
            body={"emoji": self.emoji, "user_id": self.actor.id},
        )  # fmt: skip
        self.update(transaction, reactions=reactions_to_text(message.reactions), rev_seq=message.rev_seq)
