"""Send nothing to a browser any more."""

from typing import Self

from backchannel.commands.context import Caller, Context
from backchannel.commands.registry import executes
from backchannel.protocol import commands as declared
from backchannel.protocol.results import Empty
from backchannel.store.operation import Operation
from backchannel.store.push_subscriptions import unsubscribe
from backchannel.store.transaction import Outcome, Transaction


@executes(declared.UnsubscribePush)
class UnsubscribePush(Operation, frozen=True, kw_only=True):
    device: str

    @classmethod
    def build(cls, command: declared.UnsubscribePush, caller: Caller, _: Context) -> Self:
        return cls(actor=caller.user, device=command.device)

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        unsubscribe(transaction, self.actor.id, self.device)
        outcome.result = Empty()
