"""Move one's read mark of a thread forward."""

from typing import ClassVar, Self

from backchannel.commands.context import Caller, Context
from backchannel.commands.on_thread import OnThread
from backchannel.commands.registry import executes
from backchannel.protocol import commands as declared
from backchannel.protocol.results import ThreadReadState
from backchannel.store import thread_follows, threads
from backchannel.store.transaction import Outcome, Transaction


@executes(declared.MarkThreadRead)
class MarkThreadRead(OnThread, frozen=True, kw_only=True):
    """A mark never moves back, nor beyond the head. It needs no following: a reply that the room shows is read by it as well."""

    is_batchable: ClassVar[bool] = True

    seq: int

    @classmethod
    def build(cls, command: declared.MarkThreadRead, caller: Caller, _: Context) -> Self:
        return cls(actor=caller.user, message_id=command.message_id, seq=command.seq)

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        room, root = self.room_and_root(transaction)
        seq = min(self.seq, room.head)
        if thread_follows.mark_read(transaction, self.actor.id, room.id, root.id, seq):
            thread_follows.announce(transaction, outcome, self.actor.id, room.id, root.id)

        def answer() -> None:
            state = threads.state_of(self.actor.id, room.id, root.id)
            outcome.result = ThreadReadState(state.seq, state.read_seq, state.unread_count, state.mention_count)

        transaction.after_heads(answer)
