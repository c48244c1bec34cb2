"""Announce a file for a room, before its bytes."""

import re
from typing import Final, Self
from uuid import UUID

from backchannel import rules
from backchannel.commands.context import Caller, Context
from backchannel.commands.registry import executes
from backchannel.protocol import commands as declared
from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.results import UploadResult
from backchannel.store import uploads
from backchannel.store.access import check_member
from backchannel.store.operation import Operation
from backchannel.store.transaction import Outcome, Transaction
from backchannel.store.uploads import UploadRow
from backchannel.text_rules.file_names import clean_file_name


@executes(declared.CreateUpload)
class CreateUpload(Operation, frozen=True, kw_only=True):
    """Limits are checked here, before any byte. The quotas count announced sizes, so that nobody learns from theirs whether the server
    has a file already."""

    id: UUID
    room_id: int
    name: str
    file_bytes: int
    content_type: str
    alt: str
    quota: int
    """Bytes that all files of the sender may have."""
    total: int | None
    """Bytes that all files of everybody may have; None: no limit."""

    @classmethod
    def build(cls, command: declared.CreateUpload, caller: Caller, context: Context) -> Self:
        rules.check_upload(command.size, context.limits.upload_size if context.takes_files else 0)
        rules.check_text(name=command.name, content_type=command.content_type, alt=command.alt)
        return cls(
            actor=caller.user,
            id=command.id,
            room_id=command.room_id,
            name=command.name,
            file_bytes=command.size,
            content_type=command.content_type,
            alt=command.alt or "",
            quota=context.limits.upload_quota,
            total=context.upload_total,
        )

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        earlier = uploads.lock_uploads(transaction, [self.id]).get(self.id)
        if earlier is not None:
            self._answer_repeat(transaction, outcome, earlier)
            return
        check_member(self.room_id, self.actor.id)
        self._check_quotas(transaction)
        row = UploadRow(
            id=transaction.uuid(self.id),
            room_id=self.room_id,
            person_id=self.actor.id,
            message_id=None,
            sent_name=self.name,
            sent_size=self.file_bytes,
            sent_type=self.content_type,
            name=clean_file_name(self.name),
            size=self.file_bytes,
            content_type=_as_type(self.content_type),
            alt=self.alt,
            offset=0,
            state="receiving" if self.file_bytes else "ready",
            code="",
            width=None,
            height=None,
            thumbhash="",
            file_id=None,
            thumb_id=None,
            view_id=None,
        )
        uploads.insert(transaction, row)
        outcome.result = UploadResult(row.shape)

    def _answer_repeat(self, transaction: Transaction, outcome: Outcome, row: UploadRow) -> None:
        announced = (row.person_id, row.room_id, row.sent_name, row.sent_size, row.sent_type)
        if announced != (self.actor.id, self.room_id, self.name, self.file_bytes, self.content_type):
            raise CommandError(
                Code.ID_REUSED,
                "This id belongs to another upload already. Every upload needs an id of its own.",
                errors={"id": ["Belongs to another upload already."]},
            )
        if row.message_id is None and self.alt != row.alt:
            uploads.update(transaction, self.id, alt=self.alt)
            row = row._replace(alt=self.alt)
        outcome.result = UploadResult(row.shape)
        outcome.is_repeat = True

    def _check_quotas(self, transaction: Transaction) -> None:
        """Under a lock, so that two at once cannot pass together."""
        if self.total is not None:
            uploads.lock_total(transaction)
            used = uploads.bytes_of(transaction, None)
            rules.check_quota(self.file_bytes, used, self.total, "all files of this server")
        transaction.lock_people([self.actor.id])
        rules.check_unclaimed(uploads.count_unclaimed(transaction, self.actor.id))
        rules.check_quota(self.file_bytes, uploads.bytes_of(transaction, self.actor.id), self.quota, "your files")


def _as_type(sent: str) -> str:
    """`type/subtype` in lower case, without parameters."""
    plain = sent.partition(";")[0].strip().lower()
    return plain if _TYPE.fullmatch(plain) else "application/octet-stream"


_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9.+-]*/[a-z0-9][a-z0-9.+-]*", re.ASCII)
