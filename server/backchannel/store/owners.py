"""Every group and channel in which somebody active is has an active owner, so that somebody can manage it."""

from backchannel.protocol.events import RoomAdded
from backchannel.store import rooms
from backchannel.store.models import Membership
from backchannel.store.transaction import MEMBERSHIP, PERSON, LockedRoom, Outcome, Transaction

MEMBER = Membership.State.MEMBER.value
_ACTIVE = (
    f"FROM {MEMBERSHIP} mb JOIN {PERSON} p ON p.id = mb.person_id WHERE mb.room_id = %s AND mb.state = %s AND p.active"
)


def keep_an_owner(transaction: Transaction, outcome: Outcome, room: LockedRoom) -> None:
    """Where no active owner is left, the active admin who has been there longest takes over, or the longest-standing active member.
    Nobody does where nobody active is left; whoever comes next will."""
    if room.kind == "direct" or transaction.query(
        f"SELECT 1 {_ACTIVE} AND mb.role = 'owner' LIMIT 1", [room.id, MEMBER]
    ):
        return
    heirs = transaction.query(
        f"SELECT mb.person_id {_ACTIVE} ORDER BY CASE mb.role WHEN 'admin' THEN 0 ELSE 1 END, mb.joined_seq, mb.id LIMIT 1",
        [room.id, MEMBER],
    )
    if heirs:
        heir = heirs[0][0]
        transaction.execute(
            f"UPDATE {MEMBERSHIP} SET role = 'owner' WHERE room_id = %s AND person_id = %s", [room.id, heir]
        )
        tell_added(transaction, outcome, room.id, heir, comes=False)


def tell_added(transaction: Transaction, outcome: Outcome, room_id: int, user_id: int, *, comes: bool = True) -> None:
    """The room as this person sees it now: said to who comes, and where the role of a member changed (`comes` is False: they go on
    hearing the room as they did). Once in a transaction."""
    if (room_id, user_id) in transaction.told_added:
        return
    transaction.told_added.add((room_id, user_id))

    def look() -> None:
        room = rooms.rooms_of(user_id, [room_id])[0]
        transaction.tell(
            outcome, user_id,
            lambda version: RoomAdded(user_version=version, room=room),
            joined=(room.id, room.seq, room.member_count) if comes else None,
        )  # fmt: skip

    transaction.after_heads(look)
