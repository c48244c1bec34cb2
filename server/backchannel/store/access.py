"""Who may read what in a room: the one predicate that every read uses. Blocking: call through `ReadPool.run`.

| the person           | may read                                                                     |
|----------------------|------------------------------------------------------------------------------|
| is a member          | everything                                                                   |
| left by themselves   | messages below the event of their leaving, as they were then (`former_members`) |
| was removed, or was never in the room | nothing                                                     |
| is of another space  | nothing: there is no such room                                               |
"""

from collections.abc import Collection
from typing import Final, NamedTuple

from backchannel.store.driver import read
from backchannel.store.memberships import LEFT, MEMBER
from backchannel.store.transaction import MEMBERSHIP, PERSON, ROOM, marks, no_room, not_a_member


class Access(NamedTuple):
    """The part of one room that one person may read."""

    room_id: int
    head: int
    """The newest event that this person may receive."""
    left_seq: int | None
    """Seq of the event by which they left; None for a member."""

    def may_read(self, seq: int) -> bool:
        """Whether the person may read the message at `seq`."""
        return self.left_seq is None or seq < self.left_seq

    def check_member(self) -> None:
        """Raise `not_a_member` unless the person is a member."""
        if self.left_seq is not None:
            raise not_a_member(self.room_id)


def access_to(room_id: int, person_id: int) -> Access:
    """Raises `room_not_found`, or `not_a_member` if the person may read nothing in the room."""
    rows = read(_ACCESS, [person_id, room_id])
    if not rows:
        raise no_room(room_id)
    head, state, left_seq = rows[0]
    if state == MEMBER:
        return Access(room_id, int(head), None)
    if state == LEFT:
        return Access(room_id, int(left_seq), int(left_seq))
    raise not_a_member(room_id)


def access_to_all(person_id: int, among: Collection[int] | None = None) -> dict[int, Access]:
    """Every room (of `among`) in which the person may read something. One statement."""
    narrowed, values = "", []
    if among is not None:
        values = list(among)
        narrowed = f" AND mb.room_id IN ({marks(values)})"
    rows = read(f"{_ALL}{narrowed}", [person_id, MEMBER, LEFT, *values]) if among is None or among else []
    return {
        room_id: Access(room_id, int(head), None) if state == MEMBER else Access(room_id, int(left_seq), int(left_seq))
        for room_id, head, state, left_seq in rows
    }


def check_member(room_id: int, person_id: int) -> int:
    """Return the room's head. Raises `room_not_found` or `not_a_member`."""
    access = access_to(room_id, person_id)
    access.check_member()
    return access.head


_ALL: Final = (
    f"SELECT r.id, r.head, mb.state, mb.left_seq FROM {MEMBERSHIP} mb JOIN {ROOM} r ON r.id = mb.room_id "
    f"JOIN {PERSON} p ON p.id = mb.person_id AND p.space = r.space WHERE mb.person_id = %s AND mb.state IN (%s, %s)"
)
_ACCESS: Final = (
    f"SELECT r.head, mb.state, mb.left_seq FROM {ROOM} r JOIN {PERSON} p ON p.id = %s AND p.space = r.space "
    f"LEFT JOIN {MEMBERSHIP} mb ON mb.room_id = r.id AND mb.person_id = p.id WHERE r.id = %s"
)
