"""Choose what to be notified of in all rooms."""

from typing import Self

from msgspec import structs

from backchannel.commands.context import Caller, Context
from backchannel.commands.registry import executes
from backchannel.commands.times import time_of
from backchannel.notifications.addressing import check_keywords
from backchannel.notifications.quiet_hours import check_quiet_hours
from backchannel.protocol import commands as declared
from backchannel.protocol import times
from backchannel.protocol.results import MyNotificationsResult
from backchannel.protocol.shapes import PushContent, QuietHours
from backchannel.store.notification_settings import settings_of, write_settings
from backchannel.store.operation import Operation
from backchannel.store.transaction import Outcome, Transaction


@executes(declared.SetMyNotifications)
class SetMyNotifications(Operation, frozen=True, kw_only=True):
    """What is None stays as it is. Two devices at once: the person's row is locked, so that neither takes back what the other set."""

    keywords: list[str] | None
    quiet_hours: QuietHours | None
    dnd_until_us: int | None
    push_content: PushContent | None

    @classmethod
    def build(cls, command: declared.SetMyNotifications, caller: Caller, _: Context) -> Self:
        return cls(
            actor=caller.user,
            keywords=None if command.keywords is None else check_keywords(command.keywords),
            quiet_hours=None if command.quiet_hours is None else check_quiet_hours(command.quiet_hours),
            dnd_until_us=time_of("dnd_until", command.dnd_until),
            push_content=command.push_content,
        )

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        transaction.lock_people([self.actor.id])
        before = settings_of(self.actor.id)
        given = {
            name: value
            for name in ("keywords", "quiet_hours", "push_content")
            if (value := getattr(self, name)) is not None
        }
        settings = structs.replace(before, **given)
        if settings.quiet_hours is not None and not settings.quiet_hours.days:
            settings.quiet_hours = None
        until = self._dnd_until(transaction, before.dnd_until)
        settings.dnd_until = times.to_wire(until) if until else None
        write_settings(transaction, self.actor.id, settings, until)
        outcome.result = MyNotificationsResult(settings)

    def _dnd_until(self, transaction: Transaction, before: str | None) -> int:
        """0 for none, also where it is over."""
        until = self.dnd_until_us if self.dnd_until_us is not None else times.from_wire(before) if before else 0
        return until if until > transaction.at_us else 0
