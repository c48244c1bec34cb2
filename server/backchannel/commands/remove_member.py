"""Remove somebody else from a room."""

from typing import Self

from backchannel import rules
from backchannel.commands.context import Caller, Context
from backchannel.commands.on_room import OnRoom
from backchannel.commands.registry import executes
from backchannel.protocol import commands as declared
from backchannel.protocol.errors import Code, CommandError, invalid
from backchannel.store import people
from backchannel.store.memberships import MEMBER, end_membership
from backchannel.store.transaction import Outcome, Transaction


@executes(declared.RemoveMember)
class RemoveMember(OnRoom, frozen=True, kw_only=True):
    user_id: int

    @classmethod
    def build(cls, command: declared.RemoveMember, caller: Caller, _: Context) -> Self:
        return cls(actor=caller.user, room_id=command.room_id, user_id=command.user_id)

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        room, own = transaction.check_member(self.room_id, self.actor.id)
        rules.check_not_direct(room.kind, "nobody can be removed")
        if self.user_id == self.actor.id:
            raise invalid(user_id="To leave a room yourself, leave it: nobody is removed by their own hand.")
        theirs = transaction.membership(room.id, self.user_id)
        if theirs is None or theirs.state != MEMBER:
            rules.check_may_remove(own.role, "member")
            raise CommandError(Code.USER_NOT_FOUND, f"User {self.user_id} is not a member of this room.")
        rules.check_may_remove(own.role, theirs.role)
        end_membership(transaction, outcome, room, people.user_in_any_state(self.user_id), self.actor)
        self.answer_with_room(transaction, outcome)
