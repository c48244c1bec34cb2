"""Shared by the commands on a thread. A thread is named by its first message, which may be deleted."""

from backchannel.commands.on_message import OnMessage
from backchannel.protocol.results import ThreadResult
from backchannel.protocol.shapes import Message
from backchannel.rules import check_has_threads, check_is_root
from backchannel.store import threads
from backchannel.store.transaction import LockedRoom, Outcome, Transaction


class OnThread(OnMessage, frozen=True, kw_only=True):
    def room_and_root(self, transaction: Transaction) -> tuple[LockedRoom, Message]:
        """Raises `not_a_member`, `message_not_found`, or `invalid` if the message begins no thread."""
        room, _, root = self.member_and_message(transaction)
        check_has_threads(room.kind, "message_id")
        check_is_root(root.thread)
        return room, root

    def answer_with_thread(self, transaction: Transaction, outcome: Outcome, root: Message) -> None:
        """Sets the result: the thread as the actor sees it when everything is written."""

        def answer() -> None:
            outcome.result = ThreadResult(threads.as_seen(root, threads.state_of(self.actor.id, root.room_id, root.id)))

        transaction.after_heads(answer)
