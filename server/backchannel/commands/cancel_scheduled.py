"""Cancel a message that waits for its time."""

from typing import Self
from uuid import UUID

from backchannel.commands.context import Caller, Context
from backchannel.commands.registry import executes
from backchannel.commands.schedule_message import lock_own
from backchannel.protocol import commands as declared
from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.results import ScheduledResult
from backchannel.store import scheduled
from backchannel.store.operation import Operation
from backchannel.store.transaction import Outcome, Transaction


@executes(declared.CancelScheduled)
class CancelScheduled(Operation, frozen=True, kw_only=True):
    """A cancelled message has no text any more. Another person's is not found."""

    id: UUID

    @classmethod
    def build(cls, command: declared.CancelScheduled, caller: Caller, _: Context) -> Self:
        return cls(actor=caller.user, id=command.id)

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        try:
            stored = lock_own(transaction, self.id, self.actor.id)
        except CommandError as error:
            if error.code is not Code.ID_REUSED:
                raise
            stored = None
        if stored is None:
            raise CommandError(Code.SCHEDULED_NOT_FOUND, f"You have no scheduled message {self.id}.")
        if stored.state == "cancelled":
            outcome.result = ScheduledResult(stored.shape)
            outcome.is_repeat = True
            return
        cancelled = stored._replace(
            state="cancelled", rev=stored.rev + 1, content="", reply_to=None, attachments=(), code="", detail=""
        )
        scheduled.write(transaction, outcome, cancelled)
        outcome.result = ScheduledResult(cancelled.shape)
