"""React to a message with an emoji."""

from typing import Self

from backchannel import rules
from backchannel.commands.context import Caller, Context
from backchannel.commands.on_message import OnMessage
from backchannel.commands.registry import executes
from backchannel.protocol import commands as declared
from backchannel.protocol.errors import invalid
from backchannel.protocol.events import ReactionAdded
from backchannel.protocol.results import MessageResult
from backchannel.protocol.shapes import Reaction
from backchannel.store.render import reactions_to_text
from backchannel.store.transaction import Outcome, Transaction


@executes(declared.AddReaction)
class AddReaction(OnMessage, frozen=True, kw_only=True):
    emoji: str

    @classmethod
    def build(cls, command: declared.AddReaction, caller: Caller, _: Context) -> Self:
        return cls(actor=caller.user, message_id=command.message_id, emoji=rules.check_emoji(command.emoji))

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        room, message = self.check(transaction)
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
        message.rev_seq = self.append_event(
            transaction, outcome, room, ReactionAdded, emoji=self.emoji, user_id=self.actor.id
        )
        self.update(transaction, reactions=reactions_to_text(message.reactions), rev_seq=message.rev_seq)
