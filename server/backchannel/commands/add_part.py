"""Enter a stored piece of an upload. The endpoint for bytes asks for it, after the piece is in the storage."""

from uuid import UUID

import msgspec

from backchannel.protocol.errors import Code, CommandError
from backchannel.store import uploads
from backchannel.store.operation import Operation
from backchannel.store.transaction import Outcome, Transaction
from backchannel.store.uploads import Part


class Entered(msgspec.Struct, frozen=True):
    """The result."""

    offset: int
    """Bytes that are stored now."""
    is_unused: bool = False
    """Another piece came first: this one is not needed."""


class AddPart(Operation, frozen=True, kw_only=True):
    """The last piece makes the upload wait for its check."""

    upload_id: UUID
    part: Part

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        row = uploads.lock_upload(transaction, self.upload_id, self.actor.id)
        check_place(row.offset, self.part.offset)
        end = self.part.offset + self.part.length
        if self.part.offset < row.offset or not self.part.length:
            outcome.result = Entered(row.offset, is_unused=True)
            return
        uploads.add_part(transaction, self.upload_id, self.part)
        is_whole = end == row.sent_size
        uploads.update(transaction, self.upload_id, offset=end, **({"state": "checking"} if is_whole else {}))
        outcome.result = Entered(end)


def check_place(stored: int, offset: int) -> None:
    """Raise `wrong_offset` if bytes are missing between what is stored and `offset`."""
    if offset > stored:
        raise CommandError(Code.WRONG_OFFSET, f"{stored} bytes are stored. Send the file from there on.", offset=stored)
