"""Pin a message in its room."""

from typing import Final, Self

from backchannel.commands.context import Caller, Context
from backchannel.commands.on_message import OnMessage
from backchannel.commands.registry import executes
from backchannel.protocol import commands as declared
from backchannel.protocol.errors import invalid
from backchannel.protocol.events import MessagePinned
from backchannel.protocol.results import MessageResult
from backchannel.store.transaction import MESSAGE, Outcome, Transaction

PINS: Final = 50
"""Most pins of one room: `get_pins` is not paged, and each pin is read at a glance."""


@executes(declared.PinMessage)
class PinMessage(OnMessage, frozen=True, kw_only=True):
    @classmethod
    def build(cls, command: declared.PinMessage, caller: Caller, _: Context) -> Self:
        return cls(actor=caller.user, message_id=command.message_id)

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        room, message = self.check(transaction)
        outcome.result = MessageResult(message)
        if message.pinned:
            return
        counted = transaction.query(
            f"SELECT COUNT(*) FROM {MESSAGE} WHERE room_id = %s AND pinned_seq IS NOT NULL", [room.id]
        )
        if counted[0][0] >= PINS:
            raise invalid(message_id=f"A room holds {PINS} pinned messages at most. Unpin one first.")
        message.pinned = True
        message.rev_seq = self.append_event(transaction, outcome, room, MessagePinned, by=self.actor)
        self.update(transaction, pinned_seq=message.rev_seq, rev_seq=message.rev_seq)
