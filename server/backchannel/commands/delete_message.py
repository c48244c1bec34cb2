"""Erase a message's body; its place in the log stays."""

from typing import Self

from msgspec import structs

from backchannel import rules
from backchannel.commands.attachments import erase_attachments
from backchannel.commands.context import Caller, Context
from backchannel.commands.on_message import OnMessage, update_message
from backchannel.commands.registry import executes
from backchannel.commands.thread_replies import take_away
from backchannel.protocol import commands as declared
from backchannel.protocol.events import MessageDeleted
from backchannel.protocol.results import MessageResult
from backchannel.protocol.shapes import Message, without_marks
from backchannel.store.render import NO_MARKS
from backchannel.store.transaction import MENTION, LockedRoom, Outcome, Transaction


@executes(declared.DeleteMessage)
class DeleteMessage(OnMessage, frozen=True, kw_only=True):
    @classmethod
    def build(cls, command: declared.DeleteMessage, caller: Caller, _: Context) -> Self:
        return cls(actor=caller.user, message_id=command.message_id)

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        room, membership, message = self.member_and_message(transaction)
        rules.check_may_delete(message.sender.id, self.actor.id, membership.role)
        if message.deleted:
            outcome.result = MessageResult(message)
            return
        outcome.result = MessageResult(erase(transaction, outcome, room, message))


def erase(transaction: Transaction, outcome: Outcome, room: LockedRoom, message: Message) -> Message:
    """Log the deletion of a message that has a body, and return the tombstone."""
    tombstone = structs.replace(
        without_marks(message), content="", attachments=[], deleted=True, edited_at=None, rev_seq=room.head + 1
    )
    transaction.append(
        outcome, room,
        lambda seq, at: MessageDeleted(room_id=room.id, seq=seq, at=at, message=tombstone),
        message_id=message.id,
    )  # fmt: skip
    update_message(
        transaction,
        message.id,
        content="",
        **NO_MARKS,
        attachments="[]",
        deleted=True,
        edited_us=None,
        rev_seq=tombstone.rev_seq,
    )
    if message.attachments:
        erase_attachments(transaction, message.id)
    if message.thread is not None:
        take_away(transaction, message.thread, tombstone.rev_seq)
    transaction.execute(f"DELETE FROM {MENTION} WHERE room_id = %s AND seq = %s", [room.id, message.seq])
    return tombstone
