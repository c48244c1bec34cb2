"""Send a message later, or change one that waits."""

from typing import Final, Self
from uuid import UUID

from backchannel import rules
from backchannel.commands.context import Caller, Context
from backchannel.commands.registry import executes
from backchannel.protocol import commands as declared
from backchannel.protocol.errors import Code, CommandError, invalid, time_of
from backchannel.protocol.results import ScheduledResult
from backchannel.store import drafts, scheduled
from backchannel.store.access import check_member
from backchannel.store.operation import Operation
from backchannel.store.places import check_place, check_uploads
from backchannel.store.scheduled import Planned
from backchannel.store.transaction import Outcome, Transaction

SECOND_US: Final = 1_000_000
JUST_PASSED_US: Final = 60 * SECOND_US
"""A time that has passed by no more is due at once: the sender's clock may be behind, and the request took a while."""
AHEAD_US: Final = 366 * 86_400 * SECOND_US


@executes(declared.ScheduleMessage)
class ScheduleMessage(Operation, frozen=True, kw_only=True):
    """The state of the message under this id decides:

    nothing     a new one waits
    waiting     changed; the same again changes nothing
    failed      changed, and it waits again
                (either is due at once where its new time has passed)
    cancelled   refused: a late retry must not bring it back
    sent        refused
    """

    planned: Planned
    """Without a rev."""
    base_rev: int | None
    draft_rev: int | None

    @classmethod
    def build(cls, command: declared.ScheduleMessage, caller: Caller, context: Context) -> Self:
        rules.check_content(command.content, context.limits.content_bytes, may_be_blank=bool(command.attachments))
        if command.in_room and command.thread is None:
            raise invalid(in_room="Only a reply in a thread can be shown in the room as well.")
        planned = Planned(
            command.id, caller.user.id, command.room_id, time_of("at", command.at), command.content, command.reply_to,
            command.thread, command.in_room, tuple(command.attachments), "waiting", 0,
        )  # fmt: skip
        return cls(actor=caller.user, planned=planned, base_rev=command.base_rev, draft_rev=command.draft_rev)

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        planned = self.planned
        stored = lock_own(transaction, planned.id, self.actor.id)
        if stored is not None and stored.state == "cancelled":
            raise CommandError(Code.SCHEDULE_CANCELLED, "This message was cancelled. Schedule it under a new id.")
        if stored is not None and stored.state == "waiting" and stored.message == planned.message:
            outcome.result = ScheduledResult(stored.shape)
            outcome.is_repeat = True
            return
        now_us = scheduled.shared_now_us(transaction)
        if stored is not None and planned.at_us < now_us:
            # "Send it now", also from a device whose clock is wrong.
            planned = planned._replace(at_us=now_us)
        rev = stored.rev if stored else 0
        if self.base_rev is not None and self.base_rev != rev:
            raise CommandError(
                Code.SCHEDULE_CONFLICT, "This message was changed on another device. Read it again, then change it."
            )
        self._check(transaction, planned, now_us, is_new=stored is None)
        planned = planned._replace(rev=rev + 1)
        scheduled.write(transaction, outcome, planned)
        if self.draft_rev is not None:
            place = drafts.Place(self.actor.id, planned.room_id, planned.thread)
            drafts.clear_sent(transaction, [drafts.Sent(place, self.draft_rev, planned.content, outcome)])
        outcome.result = ScheduledResult(planned.shape)

    def _check(self, transaction: Transaction, planned: Planned, now_us: int, *, is_new: bool) -> None:
        check_member(planned.room_id, self.actor.id)
        check_place(planned.room_id, planned.thread, planned.reply_to)
        check_uploads(self.actor.id, planned.room_id, planned.attachments)
        ahead_us = planned.at_us - now_us
        if ahead_us < -JUST_PASSED_US:
            raise invalid(at="Has passed. Choose a time to come.")
        if ahead_us > AHEAD_US:
            raise invalid(at="Is more than a year ahead. Choose an earlier time.")
        if is_new and scheduled.count_of(transaction, self.actor.id) >= scheduled.SCHEDULED_MESSAGES:
            raise CommandError(
                Code.QUOTA_EXCEEDED,
                f"You have {scheduled.SCHEDULED_MESSAGES} scheduled messages. Cancel one first.",
            )


def lock_own(transaction: Transaction, id_: UUID, person_id: int) -> Planned | None:
    """The person's own scheduled message, locked. Raises `already_sent`, or `id_reused` where the id is somebody else's."""
    stored = scheduled.lock_planned(transaction, id_)
    # After the lock: a node that was sending it has committed by now.
    sender = scheduled.sender_of(transaction, id_)
    if (sender or person_id) != person_id or (stored is not None and stored.person_id != person_id):
        raise CommandError(
            Code.ID_REUSED,
            "This id belongs to another message already. Every message needs an id of its own.",
            errors={"id": ["Belongs to another message already."]},
        )
    if sender is not None:
        raise CommandError(Code.ALREADY_SENT, "This message was sent already. Edit or delete it in its room.")
    return stored
