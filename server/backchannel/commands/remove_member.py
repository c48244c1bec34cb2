"""Remove somebody else from a room."""

from typing import Self

from backchannel import rules
from backchannel.commands.context import Caller, Context
from backchannel.commands.on_room import OnRoom, named_by
from backchannel.commands.registry import executes
from backchannel.protocol import commands as declared
from backchannel.protocol.errors import Code, CommandError, invalid
from backchannel.store import people
from backchannel.store.memberships import MEMBER, end_membership
from backchannel.store.transaction import Outcome, Transaction


@executes(declared.RemoveMember)
class RemoveMember(OnRoom, frozen=True, kw_only=True):
    user_id: int | str
    """A text names the person by the site's own id: `external:1780`."""

    @classmethod
    def build(cls, command: declared.RemoveMember, caller: Caller, _: Context) -> Self:
        return cls(actor=caller.user, room_id=command.room_id, user_id=command.user_id)

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        room, own = transaction.check_member(self.room_id, self.actor.id)
        rules.check_not_direct(room.kind, "nobody can be removed")
        user_id = self._person()
        if user_id == self.actor.id:
            raise invalid(user_id="This is you. Use leave_room to leave the room.")
        theirs = None if user_id is None else transaction.membership(room.id, user_id)
        if user_id is None or theirs is None or theirs.state != MEMBER:
            rules.check_may_remove(own.role, "member")
            raise CommandError(Code.USER_NOT_FOUND, f"User {self.user_id} is not a member of this room.")
        rules.check_may_remove(own.role, theirs.role)
        end_membership(transaction, outcome, room, people.user_in_any_state(user_id), self.actor)
        self.answer_with_room(transaction, outcome)

    def _person(self) -> int | None:
        """None: nobody has this external id."""
        if isinstance(self.user_id, int):
            return self.user_id
        external_id = self.user_id.removeprefix(declared.EXTERNAL)
        return named_by([external_id], self.actor)[external_id]
