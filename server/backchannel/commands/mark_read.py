"""Move one's read mark of a room forward, and what one marked as unread behind it."""

from typing import ClassVar, Self

from backchannel.commands.context import Caller, Context
from backchannel.commands.registry import executes
from backchannel.protocol import commands as declared
from backchannel.store import rooms
from backchannel.store.memberships import MEMBER
from backchannel.store.operation import Operation
from backchannel.store.thread_follows import announce_counts, mark_all_read
from backchannel.store.transaction import MEMBERSHIP, ROOM, Outcome, Transaction


@executes(declared.MarkRead)
class MarkRead(Operation, frozen=True, kw_only=True):
    """A mark never moves back, nor beyond the head. The reader's other devices receive it, with the counts. Locks no room: it changes
    only the reader's own rows."""

    is_batchable: ClassVar[bool] = True

    room_id: int
    seq: int
    threads: bool = False
    """Whether all threads of the room are marked as read, too."""

    @classmethod
    def build(cls, command: declared.MarkRead, caller: Caller, _: Context) -> Self:
        return cls(actor=caller.user, room_id=command.room_id, seq=command.seq, threads=command.threads)

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        rows = transaction.query(
            f"SELECT mb.state, mb.read_seq, mb.threads_read_seq, mb.unread_from, r.head FROM {ROOM} r "
            f"LEFT JOIN {MEMBERSHIP} mb ON mb.room_id = r.id AND mb.person_id = %s WHERE r.id = %s",
            [self.actor.id, self.room_id],
        )
        if not rows or rows[0][0] != MEMBER:
            transaction.lock_rooms([self.room_id])
            transaction.check_member(self.room_id, self.actor.id)
        _, read_seq, threads_read_seq, unread_from, head = rows[0]
        mark = min(self.seq, head)
        marks = {"read_seq": read_seq, **({"threads_read_seq": threads_read_seq} if self.threads else {})}
        moved = [name for name, before in marks.items() if mark > before]
        for name in moved:
            transaction.execute(
                f"UPDATE {MEMBERSHIP} SET {name} = %s WHERE room_id = %s AND person_id = %s AND {name} < %s",
                [mark, self.room_id, self.actor.id, mark],
            )
        is_read_on = unread_from is not None and unread_from <= mark
        if is_read_on:
            transaction.execute(
                f"UPDATE {MEMBERSHIP} SET unread_from = CASE WHEN read_seq <= %s THEN NULL ELSE CAST(%s AS bigint) END "
                "WHERE room_id = %s AND person_id = %s AND unread_from <= %s",
                [mark, mark + 1, self.room_id, self.actor.id, mark],
            )
        if self.threads:
            is_read_on |= mark_all_read(transaction, self.actor.id, self.room_id, mark)
        transaction.after_heads(lambda: self._answer(transaction, outcome, bool(moved) or is_read_on))

    def _answer(self, transaction: Transaction, outcome: Outcome, moved: bool) -> None:
        outcome.result = rooms.read_state_of(self.actor.id, self.room_id)
        if moved:
            announce_counts(transaction, outcome, self.actor.id, outcome.result, self.room_id)
