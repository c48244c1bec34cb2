"""The end of each room's log that is not indexed yet, read from the log itself, so that a search finds what was just written."""

from collections.abc import Mapping
from typing import Final, NamedTuple
from uuid import UUID

from backchannel.protocol.events import AnyRoomEvent
from backchannel.store import reads
from backchannel.store.access import Access

EVENTS: Final = 400
"""Read at most: about 10 ms. An index that is further behind is being built, and searches say `partial`."""


class Tail(NamedTuple):
    messages: list[UUID]
    """The messages that were written or changed since. The index's entries for them are outdated."""
    behind: int
    """Events, in these rooms, that are not indexed."""
    is_whole: bool
    """False if there are more than were read; the newest were."""


def tail_of(scope: Mapping[int, Access], cursors: Mapping[int, int]) -> Tail:
    lags = {
        room_id: access.head - cursors.get(room_id, 0)
        for room_id, access in scope.items()
        if access.head > cursors.get(room_id, 0)
    }
    behind = sum(lags.values())
    if not lags:
        return Tail([], 0, is_whole=True)
    share = EVENTS if behind <= EVENTS else max(EVENTS // len(lags), 1)
    after = {room_id: scope[room_id].head - min(lag, share) for room_id, lag in lags.items()}
    if len(after) > EVENTS:
        after = dict(list(after.items())[-EVENTS:])
    events = reads.events_after(after, share)
    messages = dict.fromkeys(id_ for some in events.values() for event in some if (id_ := message_of(event)))
    return Tail(list(messages), behind, is_whole=behind <= EVENTS)


def message_of(event: AnyRoomEvent) -> UUID | None:
    """The message whose words or marks the event may have changed."""
    if hasattr(event, "message"):
        return event.message.id
    if event.__struct_config__.tag in ("message_pinned", "message_unpinned"):
        return event.message_id  # type: ignore[union-attr]
    return None
