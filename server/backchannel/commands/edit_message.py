"""Replace the text of one's own message."""

from typing import Self

from backchannel import rules
from backchannel.commands.context import Caller, Context
from backchannel.commands.on_message import OnMessage, update_message
from backchannel.commands.registry import executes
from backchannel.protocol import commands as declared
from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.events import MessageEdited
from backchannel.protocol.results import MessageResult
from backchannel.protocol.shapes import Message
from backchannel.store.transaction import LockedRoom, Outcome, Transaction


@executes(declared.EditMessage)
class EditMessage(OnMessage, frozen=True, kw_only=True):
    content: str
    base_seq: int | None
    """The `rev_seq` of the message that was edited; another one since then is a conflict. None: edit whatever is there."""

    @classmethod
    def build(cls, command: declared.EditMessage, caller: Caller, context: Context) -> Self:
        rules.check_content(command.content, context.limits.content_bytes, may_be_blank=True)
        return cls(actor=caller.user, message_id=command.message_id, content=command.content, base_seq=command.base_seq)

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        room, message = self.check(transaction)
        rules.check_may_edit(message.sender.id, self.actor.id)
        rules.check_content(self.content, len(self.content.encode()), may_be_blank=bool(message.attachments))
        outcome.result = MessageResult(message)
        if message.content == self.content:  # a retry, or nothing to do
            return
        if self.base_seq is not None and self.base_seq != message.rev_seq:
            raise CommandError(
                Code.EDIT_CONFLICT, "The message has changed since you read it. Read it again, then edit."
            )
        change_text(transaction, outcome, room, message, self.content)


def change_text(transaction: Transaction, outcome: Outcome, room: LockedRoom, message: Message, content: str) -> None:
    """Log the edit of a message that has a body. `message` becomes what is stored."""
    message.content = content
    message.edited_at = transaction.at
    message.rev_seq = room.head + 1
    transaction.append(
        outcome, room,
        lambda seq, at: MessageEdited(room_id=room.id, seq=seq, at=at, message=message),
        message_id=message.id,
    )  # fmt: skip
    update_message(transaction, message.id, content=content, edited_us=transaction.at_us, rev_seq=message.rev_seq)
