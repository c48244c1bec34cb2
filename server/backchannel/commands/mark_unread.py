"""Mark a room, or one of its threads, as unread from a message on."""

from collections.abc import Sequence
from typing import Self
from uuid import UUID

from backchannel.commands.context import Caller, Context
from backchannel.commands.registry import executes
from backchannel.protocol import commands as declared
from backchannel.rules import check_has_threads, check_is_root
from backchannel.store import reads, rooms, thread_follows
from backchannel.store.operation import Operation
from backchannel.store.transaction import MEMBERSHIP, LockedRoom, Outcome, Transaction


@executes(declared.MarkUnread)
class MarkUnread(Operation, frozen=True, kw_only=True):
    """`read_seq` never moves back, so older clients and marks under way on other devices stay right: what is unread again is a number of
    its own. It goes when the caller reads that far. From above `read_seq` on, everything is unread anyway, and an earlier mark goes."""

    room_id: int
    seq: int
    thread: UUID | None = None

    @classmethod
    def build(cls, command: declared.MarkUnread, caller: Caller, _: Context) -> Self:
        # No message has the number 0.
        return cls(actor=caller.user, room_id=command.room_id, seq=max(command.seq, 1), thread=command.thread)

    def rooms_to_lock(self) -> Sequence[int]:
        return (self.room_id,)

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        room, _ = transaction.check_member(self.room_id, self.actor.id)
        if self.thread is not None:
            self._mark_thread(transaction, outcome, room, self.thread)
            return
        rows = transaction.query(
            f"UPDATE {MEMBERSHIP} SET unread_from = CASE WHEN read_seq < %s THEN NULL ELSE CAST(%s AS bigint) END "
            "WHERE room_id = %s AND person_id = %s AND COALESCE(unread_from, 0) <> "
            "CASE WHEN read_seq < %s THEN 0 ELSE %s END RETURNING unread_from",
            [self.seq, self.seq, room.id, self.actor.id, self.seq, self.seq],
        )
        transaction.after_heads(lambda: self._answer(transaction, outcome, bool(rows)))

    def _mark_thread(self, transaction: Transaction, outcome: Outcome, room: LockedRoom, thread: UUID) -> None:
        root = reads.messages_by_id(transaction.connection, [thread]).get(thread)
        if root is None or root.room_id != room.id:
            raise reads.no_message(thread)
        check_has_threads(room.kind, "thread")
        check_is_root(root.thread, "thread")
        if thread_follows.mark_unread(transaction, self.actor.id, room.id, thread, self.seq, room.head):
            thread_follows.announce(transaction, outcome, self.actor.id, room.id, thread)
        transaction.after_heads(lambda: self._answer(transaction, outcome, is_changed=False))

    def _answer(self, transaction: Transaction, outcome: Outcome, is_changed: bool) -> None:
        outcome.result = rooms.read_state_of(self.actor.id, self.room_id)
        if is_changed:
            thread_follows.announce_counts(transaction, outcome, self.actor.id, outcome.result, self.room_id)
