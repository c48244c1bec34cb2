"""Make a group, a channel, or the direct room of two people, which is there already where they have talked before."""

from collections.abc import Collection, Mapping, Sequence
from typing import Literal, Self

from backchannel import rules
from backchannel.commands.context import Caller, Context
from backchannel.commands.on_room import answer_with_room, check_found, check_users, folded_name, ids_of, named_by
from backchannel.commands.registry import executes
from backchannel.protocol import commands as declared
from backchannel.protocol.errors import invalid
from backchannel.protocol.results import RoomResult
from backchannel.protocol.shapes import Limits, User
from backchannel.store import people, rooms
from backchannel.store.allowances import PEOPLE_ADDED, ROOMS_CREATED, Spending, check_room_for
from backchannel.store.clock import now_us
from backchannel.store.memberships import MEMBER, ORDINARY, OWNER, announce_room, check_seats, notify_invited
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
        external = named_by(self.members_external, self.actor)
        check_found([], {}, "members", external)
        others = [user_id for user_id in ids_of(self.members, external) if user_id != self.actor.id]
        direct_key = self._direct_key(others)
        if direct_key:  # found also where the other was deactivated since
            existing = transaction.query(f"SELECT id FROM {ROOM} WHERE direct_key = %s", [direct_key])
            if existing:
                outcome.result = RoomResult(rooms.rooms_of(self.actor.id, [existing[0][0]])[0])
                outcome.is_repeat = True
                return
        users = check_users(others, "members", self.actor, external)
        spending = Spending(transaction, self.actor, self.limits)
        spending.check(ROOMS_CREATED, 1)
        if self.kind != "direct":
            spending.check(PEOPLE_ADDED, len(others))
            check_room_for(transaction, self.actor, [self.actor, *users.values()], self.limits)
        spending.write()
        room_id = insert_room(
            transaction,
            self.kind,
            self.name,
            self.topic,
            space=people.space_of(self.actor.id),
            member_count=1 + len(others),
            direct_key=direct_key,
        )
        assert room_id is not None
        own_role = ORDINARY if self.kind == "direct" else OWNER
        invited = [] if self.kind == "direct" else others
        seat_first_members(
            transaction,
            outcome,
            room_id,
            {self.actor.id: own_role, **dict.fromkeys(others, ORDINARY)},
            invited,
            self.actor,
        )
        answer_with_room(transaction, outcome, room_id, self.actor.id)

    def _direct_key(self, others: list[int]) -> str | None:
        if self.kind != "direct":
            return None
        if len(others) != 1:
            raise invalid(members="A direct room is with exactly one other person.")
        first, second = sorted((self.actor.id, others[0]))
        return f"{first}:{second}"


def insert_room(
    transaction: Transaction,
    kind: str,
    name: str | None,
    topic: str,
    *,
    space: str,
    member_count: int,
    direct_key: str | None = None,
    key: str | None = None,
) -> int | None:
    """Returns the new room's id; None if there is a room of this `key`, perhaps only just made by another process."""
    rows = transaction.query(
        f"INSERT INTO {ROOM} (kind, name, topic, space, direct_key, key, head, member_count, created_us, folded) "
        "VALUES (%s, %s, %s, %s, %s, %s, 0, %s, %s, %s) ON CONFLICT (key) DO NOTHING RETURNING id",
        [kind, name, topic, space, direct_key, key, member_count, now_us(), folded_name(name)],
    )
    return int(rows[0][0]) if rows else None


def seat_first_members(
    transaction: Transaction,
    outcome: Outcome,
    room_id: int,
    roles: Mapping[int, str],
    invited: Collection[int],
    by: User,
) -> None:
    """Person → role, for those who are in a room from its beginning. Those `invited` are notified. No event tells of it: the log is empty."""
    transaction.execute_many(
        f"INSERT INTO {MEMBERSHIP} (room_id, person_id, role, state, joined_seq, read_seq) "
        f"VALUES (%s, %s, %s, '{MEMBER}', 0, 0)",
        [(room_id, user_id, role) for user_id, role in roles.items()],
    )
    check_seats(transaction, room_id)
    for user_id in roles:
        announce_room(transaction, outcome, room_id, user_id)
        if user_id in invited:
            notify_invited(transaction, outcome, room_id, user_id, by)
