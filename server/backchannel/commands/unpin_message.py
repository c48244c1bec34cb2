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
        message.rev_seq = self.append_event(transaction, outcome, room, MessageUnpinned, by=self.actor)
        self.update(transaction, pinned_seq=None, rev_seq=message.rev_seq)
