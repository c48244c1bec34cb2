"""Follow a thread."""

from typing import Self

from backchannel.commands.context import Caller, Context
from backchannel.commands.on_thread import OnThread
from backchannel.commands.registry import executes
from backchannel.protocol import commands as declared
from backchannel.store import thread_follows, threads
from backchannel.store.transaction import Outcome, Transaction


@executes(declared.FollowThread)
class FollowThread(OnThread, frozen=True, kw_only=True):
    """Following twice is following once: nothing that is unread becomes read by it."""

    @classmethod
    def build(cls, command: declared.FollowThread, caller: Caller, _: Context) -> Self:
        return cls(actor=caller.user, message_id=command.message_id)

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        room, root = self.room_and_root(transaction)
        if not threads.state_of(self.actor.id, room.id, root.id).following:
            thread_follows.follow(transaction, self.actor.id, room.id, root.id, room.head)
            thread_follows.announce(transaction, outcome, self.actor.id, room.id, root.id)
        self.answer_with_thread(transaction, outcome, root)
