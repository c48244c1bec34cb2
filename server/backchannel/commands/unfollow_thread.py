"""Follow a thread no more."""

from typing import Self

from backchannel.commands.context import Caller, Context
from backchannel.commands.on_thread import OnThread
from backchannel.commands.registry import executes
from backchannel.protocol import commands as declared
from backchannel.store import thread_follows
from backchannel.store.transaction import Outcome, Transaction


@executes(declared.UnfollowThread)
class UnfollowThread(OnThread, frozen=True, kw_only=True):
    """Also works for a person who does not follow the thread: later replies and mentions do not make them follow it."""

    @classmethod
    def build(cls, command: declared.UnfollowThread, caller: Caller, _: Context) -> Self:
        return cls(actor=caller.user, message_id=command.message_id)

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        room, root = self.room_and_root(transaction)
        if thread_follows.unfollow(transaction, self.actor.id, room.id, root.id):
            thread_follows.announce(transaction, outcome, self.actor.id, room.id, root.id)
        self.answer_with_thread(transaction, outcome, root)
