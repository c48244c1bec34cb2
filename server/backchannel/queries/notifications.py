"""What a person wants to be notified of."""

from backchannel.protocol.commands import GetMyNotifications
from backchannel.protocol.results import MyNotificationsResult
from backchannel.protocol.shapes import User
from backchannel.queries.registry import answers
from backchannel.store.notification_settings import settings_of


@answers(GetMyNotifications)
def get_my_notifications(_: GetMyNotifications, caller: User) -> MyNotificationsResult:
    return MyNotificationsResult(settings_of(caller.id))
