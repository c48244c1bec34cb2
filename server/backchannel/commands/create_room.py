"""Make a group, a channel, or the direct room of two people, which is there already where they have talked before."""

from collections.abc import Sequence
from typing import Literal, Self

from backchannel import rules
from backchannel.commands.context import Caller, Context
from backchannel.commands.on_room import answer_with_room, check_users, folded_name, ids_of
from backchannel.commands.registry import executes
from backchannel.protocol import commands as declared
from backchannel.protocol.errors import invalid
from backchannel.protocol.results import RoomResult
from backchannel.protocol.shapes import Limits
from backchannel.store import rooms
from backchannel.store.allowances import PEOPLE_ADDED, ROOMS_CREATED, Spending, check_room_for
from backchannel.store.clock import now_us
from backchannel.store.memberships import MEMBER, ORDINARY, OWNER, announce_room, notify_invited
from backchannel.store.operation import Operation
from backchannel.store.transaction import MEMBERSHIP, ROOM, Outcome, Transaction


@executes(declared.CreateRoom)
class CreateRoom(Operation, frozen=True, kw_only=True):
    kind: Literal["direct", "group", "channel"]
    name: str | None
    topic: str
    members: Sequence[int]
    """The others' ids."""
    members_external: Sequence[str] = ()
    """Others, by the site's own ids."""
    limits: Limits | None = None
    """None for imports and demonstrations, which allowances do not bound."""

    @classmethod
    def build(cls, command: declared.CreateRoom, caller: Caller, context: Context) -> Self:
        return cls(
            actor=caller.user,
            kind=command.kind,
            name=rules.check_room_name(command.kind, command.name),
            topic=rules.check_topic(command.topic) or "",
            members=command.members,
            members_external=command.members_external,
            limits=context.limits,
        )

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        named = [*self.members, *ids_of(self.members_external)]
        others = list(dict.fromkeys(user_id for user_id in named if user_id != self.actor.id))
        direct_key = self._direct_key(others)
        if direct_key:  # found also where the other was deactivated since
            existing = transaction.query(f"SELECT id FROM {ROOM} WHERE direct_key = %s", [direct_key])
            if existing:
                outcome.result = RoomResult(rooms.rooms_of(self.actor.id, [existing[0][0]])[0])
                outcome.is_repeat = True
                return
        users = check_users(others, "members")
        spending = Spending(transaction, self.actor, self.limits)
        spending.check(ROOMS_CREATED, 1)
        if self.kind != "direct":
            spending.check(PEOPLE_ADDED, len(others))
            check_room_for(transaction, self.actor, [self.actor, *users.values()], self.limits)
        spending.write()
        room_id = self._insert(transaction, direct_key, 1 + len(others))
        own_role = ORDINARY if self.kind == "direct" else OWNER
        rows = [(room_id, self.actor.id, own_role), *((room_id, user, ORDINARY) for user in others)]
        transaction.execute_many(
            f"INSERT INTO {MEMBERSHIP} (room_id, person_id, role, state, joined_seq, read_seq) "
            f"VALUES (%s, %s, %s, '{MEMBER}', 0, 0)",
            rows,
        )
        for _, user_id, _ in rows:
            announce_room(transaction, outcome, room_id, user_id)
            if self.kind != "direct" and user_id in users:
                notify_invited(transaction, outcome, room_id, user_id, self.actor)
        answer_with_room(transaction, outcome, room_id, self.actor.id)

    def _direct_key(self, others: list[int]) -> str | None:
        if self.kind != "direct":
            return None
        if len(others) != 1:
            raise invalid(members="A direct room is with exactly one other person.")
        first, second = sorted((self.actor.id, others[0]))
        return f"{first}:{second}"

    def _insert(self, transaction: Transaction, direct_key: str | None, member_count: int) -> int:
        rows = transaction.query(
            f"INSERT INTO {ROOM} (kind, name, topic, direct_key, head, member_count, created_us, folded) "
            "VALUES (%s, %s, %s, %s, 0, %s, %s, %s) RETURNING id",
            [self.kind, self.name, self.topic, direct_key, member_count, now_us(), folded_name(self.name)],
        )
        return int(rows[0][0])
