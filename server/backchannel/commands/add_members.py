"""Add people to a room. Who is in it already stays as they are."""

from collections.abc import Sequence
from typing import Self

from backchannel import rules
from backchannel.commands.context import Caller, Context
from backchannel.commands.on_room import OnRoom, check_users, ids_of, named_by
from backchannel.commands.registry import executes
from backchannel.protocol import commands as declared
from backchannel.protocol.errors import invalid
from backchannel.protocol.shapes import Limits
from backchannel.store.allowances import PEOPLE_ADDED, Spending, check_room_for
from backchannel.store.memberships import MEMBER, REMOVED, add_member, keep_an_owner, notify_invited, states_in
from backchannel.store.transaction import Outcome, Transaction


@executes(declared.AddMembers)
class AddMembers(OnRoom, frozen=True, kw_only=True):
    user_ids: Sequence[int]
    members_external: Sequence[str] = ()
    """People by the site's own ids."""
    limits: Limits | None = None

    @classmethod
    def build(cls, command: declared.AddMembers, caller: Caller, context: Context) -> Self:
        if not (command.user_ids or command.members_external):
            raise invalid(user_ids="Name at least one person.")
        return cls(
            actor=caller.user,
            room_id=command.room_id,
            user_ids=command.user_ids,
            members_external=command.members_external,
            limits=context.limits,
        )

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        room, own = transaction.check_member(self.room_id, self.actor.id)
        rules.check_not_direct(room.kind, "make a group to talk with more")
        external = named_by(self.members_external, self.actor)
        users = check_users(ids_of(self.user_ids, external), "user_ids", self.actor, external)
        states = states_in(transaction, room.id, users)
        rules.check_may_add(own.role, [users[user].display_name for user, state in states.items() if state == REMOVED])
        added = [user for user in users.values() if states.get(user.id) != MEMBER]
        spending = Spending(transaction, self.actor, self.limits)
        spending.check(PEOPLE_ADDED, len(added))
        check_room_for(transaction, self.actor, added, self.limits)
        spending.write()
        for user in added:
            add_member(transaction, outcome, room, user, self.actor)
            notify_invited(transaction, outcome, room.id, user.id, self.actor)
        if added:
            keep_an_owner(transaction, outcome, room)
        self.answer_with_room(transaction, outcome)
