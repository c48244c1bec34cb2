"""Keep what somebody has written and not sent."""

from typing import ClassVar, Self
from uuid import UUID

from backchannel import rules
from backchannel.commands.context import Caller, Context
from backchannel.commands.registry import executes
from backchannel.protocol import commands as declared
from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.results import DraftResult
from backchannel.store import drafts
from backchannel.store.access import check_member
from backchannel.store.drafts import Place, Text, Version
from backchannel.store.operation import Operation
from backchannel.store.places import check_place, check_uploads
from backchannel.store.transaction import Outcome, Transaction


@executes(declared.SaveDraft)
class SaveDraft(Operation, frozen=True, kw_only=True):
    """Replaces the version that it was written from, and no other. Locks no room: it changes only the writer's own row."""

    is_batchable: ClassVar[bool] = True

    room_id: int
    thread: UUID | None
    text: Text
    base_rev: int
    save_id: UUID | None

    @classmethod
    def build(cls, command: declared.SaveDraft, caller: Caller, context: Context) -> Self:
        rules.check_content(command.content, context.limits.content_bytes, may_be_blank=True)
        return cls(
            actor=caller.user,
            room_id=command.room_id,
            thread=command.thread,
            text=Text(command.content if command.content.strip() else "", command.reply_to, tuple(command.attachments)),
            base_rev=command.base_rev,
            save_id=command.save_id,
        )

    @property
    def size(self) -> int:
        return len(self.text.content)

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        check_member(self.room_id, self.actor.id)
        if not self.text.is_empty:
            check_place(self.room_id, self.thread, self.text.reply_to)
            check_uploads(self.actor.id, self.room_id, self.text.attachments)
        stored = drafts.lock_draft(transaction, Place(self.actor.id, self.room_id, self.thread))
        is_retry = self.save_id is not None and self.save_id == stored.save_id
        if is_retry or self.text == stored.text:
            outcome.result = _result_of(stored)
            outcome.is_repeat = True
            return
        if self.base_rev != stored.rev:
            raise CommandError(
                Code.DRAFT_CONFLICT,
                "This draft was changed or sent elsewhere. Compare with the other version, then save from it.",
                draft=_result_of(stored).draft,
            )
        drafts.check_characters(transaction, stored, self.text)
        if not stored.id:
            drafts.make_room(transaction, self.actor.id)
        save_id = stored.save_id if self.text.is_empty else self.save_id
        outcome.result = _result_of(drafts.write(transaction, outcome, stored, self.text, save_id))


def _result_of(version: Version) -> DraftResult:
    (shape,) = drafts.shapes_of([version])
    return DraftResult(shape)
