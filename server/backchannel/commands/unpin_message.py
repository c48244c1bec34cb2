"""Unpin a message, also one that another member pinned."""

from typing import Self

from backchannel.commands.context import Caller, Context
from backchannel.commands.on_message import OnMessage
from backchannel.commands.registry import executes
from backchannel.protocol import commands as declared
from backchannel.protocol.events import MessageUnpinned
from backchannel.protocol.results import MessageResult
from backchannel.store.transaction import Outcome, Transaction


@executes(declared.UnpinMessage)
class UnpinMessage(OnMessage, frozen=True, kw_only=True):
    @classmethod
    def build(cls, command: declared.UnpinMessage, caller: Caller, _: Context) -> Self:
        return cls(actor=caller.user, message_id=command.message_id)

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        room, message = self.check(transaction)
        outcome.result = MessageResult(message)
        if not message.pinned:
            return
        message.pinned = False
        message.rev_seq = transaction.append(
            outcome, room,
            lambda seq, at: MessageUnpinned(
                room_id=room.id, seq=seq, at=at, message_id=self.message_id, by=self.actor
            ),
            message_id=self.message_id,
            body={"by": self.actor},
        )  # fmt: skip
        self.update(transaction, pinned_seq=None, rev_seq=message.rev_seq)
