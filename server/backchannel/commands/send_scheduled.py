"""Send a scheduled message whose time has come: the server's own operation, given by any node, or by several at once."""

from collections.abc import Sequence
from typing import ClassVar, Final

from backchannel.commands.send_message import SendMessage
from backchannel.protocol.errors import Code, CommandError
from backchannel.store import people, scheduled
from backchannel.store.operation import Operation
from backchannel.store.scheduled import Planned
from backchannel.store.transaction import Outcome, Transaction

_INACTIVE: Final = "Your account may not use the chat."


class SendScheduled(Operation, frozen=True, kw_only=True):
    """The message is stored and its row deleted in one transaction, under the row's lock: the node that comes second finds no row. What was
    changed since `planned` was read is left to the next look."""

    is_batchable: ClassVar[bool] = True

    planned: Planned
    content: str
    """What the site's policy made of its text."""
    refusal: CommandError | None = None
    """The policy refused it."""

    @property
    def size(self) -> int:
        return len(self.content)

    def rooms_to_lock(self) -> Sequence[int]:
        return (self.planned.room_id,)

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        planned = scheduled.lock_planned(transaction, self.planned.id)
        if planned != self.planned or not scheduled.is_due(transaction, planned):
            return
        if scheduled.sender_of(transaction, planned.id) == planned.person_id:
            scheduled.remove_sent(transaction, outcome, planned)  # sent by hand meanwhile
            return
        error = self._send(transaction, outcome, planned)
        if error is None:
            scheduled.remove_sent(transaction, outcome, planned)
        else:
            scheduled.write(
                transaction, outcome,
                planned._replace(state="failed", rev=planned.rev + 1, code=error.code.word, detail=str(error)),
            )  # fmt: skip

    def _send(self, transaction: Transaction, outcome: Outcome, planned: Planned) -> CommandError | None:
        sender = people.active_users([planned.person_id]).get(planned.person_id)
        if sender is None:
            return CommandError(Code.FORBIDDEN, _INACTIVE)
        if self.refusal is not None:
            return self.refusal
        send = SendMessage(
            actor=sender,
            id=planned.id,
            room_id=planned.room_id,
            content=self.content,
            sent_as=planned.content,
            reply_to=planned.reply_to,
            attachments=planned.attachments,
            thread=planned.thread,
            in_room=planned.in_room,
            via="schedule",
        )
        # Its events and updates are this operation's; its result and error are not.
        part = Outcome(events=outcome.events, updates=outcome.updates)
        SendMessage.apply_all(transaction, [(send, part)])
        return part.error
