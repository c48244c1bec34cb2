"""A person's own scheduled messages. There are few (see `store.scheduled`), so they are not paged."""

from backchannel.protocol.commands import GetScheduled
from backchannel.protocol.results import ScheduledList
from backchannel.protocol.shapes import User
from backchannel.queries.registry import answers
from backchannel.store import scheduled


@answers(GetScheduled)
def get_scheduled(_: GetScheduled, caller: User) -> ScheduledList:
    return ScheduledList(scheduled.scheduled_of(caller.id))
