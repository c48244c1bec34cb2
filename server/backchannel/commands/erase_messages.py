"""Delete messages of a person who asked for it. The site decides it; no client can ask for it."""

from collections.abc import Sequence
from uuid import UUID

from backchannel.commands.delete_message import erase
from backchannel.store import reads
from backchannel.store.operation import Operation
from backchannel.store.transaction import Outcome, Transaction


class EraseMessages(Operation, frozen=True, kw_only=True):
    """`message_ids`: of one room, not many: each is an event, and they share a transaction."""

    room_id: int
    message_ids: Sequence[UUID]

    def rooms_to_lock(self) -> Sequence[int]:
        return (self.room_id,)

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        room = transaction.room(self.room_id)
        for message in reads.messages_by_id(transaction.connection, self.message_ids).values():
            if not message.deleted:
                erase(transaction, outcome, room, message)
