"""Choose what to be notified of in a room."""

from typing import Self

from backchannel.commands.context import Caller, Context
from backchannel.commands.on_room import OnRoom
from backchannel.commands.registry import executes
from backchannel.commands.times import time_of
from backchannel.protocol import commands as declared
from backchannel.protocol.results import RoomNotificationsResult
from backchannel.protocol.shapes import NotificationLevel
from backchannel.store.memberships import announce_room
from backchannel.store.notification_settings import room_settings_of, write_room_settings
from backchannel.store.transaction import Outcome, Transaction


@executes(declared.SetNotifications)
class SetNotifications(OnRoom, frozen=True, kw_only=True):
    """The person's other devices get the room as it is then."""

    level: NotificationLevel | None
    muted_until_us: int | None

    @classmethod
    def build(cls, command: declared.SetNotifications, caller: Caller, _: Context) -> Self:
        return cls(
            actor=caller.user,
            room_id=command.room_id,
            level=command.level,
            muted_until_us=time_of("mute_until", command.mute_until),
        )

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        transaction.check_member(self.room_id, self.actor.id)
        if write_room_settings(transaction, self.actor.id, self.room_id, self.level, self.muted_until_us):
            announce_room(transaction, outcome, self.room_id, self.actor.id, joins=False)
        outcome.result = RoomNotificationsResult(room_settings_of(self.actor.id, self.room_id))
