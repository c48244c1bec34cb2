"""Discard an upload that no message has."""

from typing import Self
from uuid import UUID

from backchannel.commands.context import Caller, Context
from backchannel.commands.registry import executes
from backchannel.protocol import commands as declared
from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.results import Empty
from backchannel.store import uploads
from backchannel.store.operation import Operation
from backchannel.store.transaction import Outcome, Transaction


@executes(declared.DeleteUpload)
class DeleteUpload(Operation, frozen=True, kw_only=True):
    upload_id: UUID

    @classmethod
    def build(cls, command: declared.DeleteUpload, caller: Caller, _: Context) -> Self:
        return cls(actor=caller.user, upload_id=command.upload_id)

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        row = uploads.lock_upload(transaction, self.upload_id, self.actor.id)
        if row.message_id is not None:
            raise CommandError(
                Code.UPLOAD_CLAIMED, "A message has this file already. Delete the message to delete the file."
            )
        uploads.delete(transaction, [row])
        outcome.result = Empty()
