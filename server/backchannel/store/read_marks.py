"""How far somebody has read."""

from dataclasses import dataclass

from backchannel.protocol.events import ReadStateChanged
from backchannel.store import rooms
from backchannel.store.models import Membership
from backchannel.store.transaction import MEMBERSHIP, ROOM, Change, Outcome, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkRead(Change):
    """A read mark only grows, is clamped to the head, and is told to the reader's other devices together with the counts."""

    room_id: int
    seq: int

    @property
    def shares_transaction(self) -> bool:
        return True

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        rows = transaction.query(
            f"SELECT mb.state, mb.read_seq, r.head FROM {ROOM} r "
            f"LEFT JOIN {MEMBERSHIP} mb ON mb.room_id = r.id AND mb.person_id = %s WHERE r.id = %s",
            [self.actor.id, self.room_id],
        )
        if not rows or rows[0][0] != Membership.State.MEMBER:
            transaction.lock_rooms([self.room_id])
            transaction.check_member(self.room_id, self.actor.id)
        _, read_seq, head = rows[0]
        moved = min(self.seq, head) > read_seq
        if moved:
            transaction.execute(
                f"UPDATE {MEMBERSHIP} SET read_seq = %s WHERE room_id = %s AND person_id = %s AND read_seq < %s",
                [min(self.seq, head), self.room_id, self.actor.id, min(self.seq, head)],
            )
        transaction.after_heads(lambda: self._look(transaction, outcome, moved))

    def _look(self, transaction: Transaction, outcome: Outcome, moved: bool) -> None:
        state = outcome.result = rooms.read_state_of(self.actor.id, self.room_id)
        if moved:
            transaction.tell(
                outcome, self.actor.id,
                lambda version: ReadStateChanged(
                    user_version=version, room_id=self.room_id, seq=state.seq, read_seq=state.read_seq,
                    unread_count=state.unread_count, mention_count=state.mention_count,
                ),
            )  # fmt: skip
