"""Take one's reaction back."""

from typing import Self

from backchannel import rules
from backchannel.commands.context import Caller, Context
from backchannel.commands.on_message import OnMessage
from backchannel.commands.registry import executes
from backchannel.protocol import commands as declared
from backchannel.protocol.events import ReactionRemoved
from backchannel.protocol.results import MessageResult
from backchannel.store.render import reactions_to_text
from backchannel.store.transaction import Outcome, Transaction


@executes(declared.RemoveReaction)
class RemoveReaction(OnMessage, frozen=True, kw_only=True):
    emoji: str

    @classmethod
    def build(cls, command: declared.RemoveReaction, caller: Caller, _: Context) -> Self:
        return cls(actor=caller.user, message_id=command.message_id, emoji=rules.check_emoji(command.emoji))

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        room, message = self.check(transaction)
        outcome.result = MessageResult(message)
        reaction = next((each for each in message.reactions if each.emoji == self.emoji), None)
        if reaction is None or self.actor.id not in reaction.user_ids:
            return
        reaction.user_ids.remove(self.actor.id)
        reaction.count -= 1
        if not reaction.count:
            message.reactions.remove(reaction)
        message.rev_seq = self.append_event(
            transaction, outcome, room, ReactionRemoved, emoji=self.emoji, user_id=self.actor.id
        )
        self.update(transaction, reactions=reactions_to_text(message.reactions), rev_seq=message.rev_seq)
