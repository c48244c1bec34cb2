"""Join a channel. Joining twice is joining once."""

from typing import Self

from backchannel import rules
from backchannel.commands.context import Caller, Context
from backchannel.commands.on_room import OnRoom
from backchannel.commands.registry import executes
from backchannel.protocol import commands as declared
from backchannel.protocol.shapes import Limits
from backchannel.store.allowances import check_room_for
from backchannel.store.memberships import MEMBER, add_member, keep_an_owner
from backchannel.store.transaction import Outcome, Transaction


@executes(declared.JoinRoom)
class JoinRoom(OnRoom, frozen=True, kw_only=True):
    limits: Limits | None = None

    @classmethod
    def build(cls, command: declared.JoinRoom, caller: Caller, context: Context) -> Self:
        return cls(actor=caller.user, room_id=command.room_id, limits=context.limits)

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        room = transaction.room_for(self.room_id, self.actor.id)
        membership = transaction.membership(room.id, self.actor.id)
        if membership is None or membership.state != MEMBER:
            rules.check_may_join(room.kind, membership.state if membership else None)
            check_room_for(transaction, self.actor, [self.actor], self.limits)
            add_member(transaction, outcome, room, self.actor, self.actor)
            keep_an_owner(transaction, outcome, room)
        self.answer_with_room(transaction, outcome)
