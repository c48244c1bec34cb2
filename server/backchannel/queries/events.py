"""Events above a cursor: for clients and hubs that missed some, and for sessions that catch up."""

from collections.abc import Mapping

from backchannel.fanout.envelopes import RoomEnvelope
from backchannel.protocol.codec import encode
from backchannel.protocol.commands import GetEvents
from backchannel.protocol.events import AnyRoomEvent, MemberLeft
from backchannel.protocol.results import Events
from backchannel.protocol.shapes import User
from backchannel.queries.registry import answers
from backchannel.store import reads
from backchannel.store.access import check_member

REPAIR_PAGE = 500


@answers(GetEvents)
def get_events(query: GetEvents, caller: User) -> Events:
    # The events first: a member after they were read was allowed to see them.
    events = reads.events_after({query.room_id: query.after}, query.limit)[query.room_id]
    head = check_member(query.room_id, caller.id)
    return Events(events, head)


def missing_events(cursors: Mapping[int, int]) -> dict[int, list[RoomEnvelope]]:
    """Events that a hub missed, in the form the bus would have delivered."""
    found = reads.events_after(cursors, REPAIR_PAGE)
    return {room_id: [_envelope(event) for event in events] for room_id, events in found.items()}


def _envelope(event: AnyRoomEvent) -> RoomEnvelope:
    removed = (event.user.id,) if isinstance(event, MemberLeft) else ()
    return RoomEnvelope(event.room_id, event.seq, encode(event), removed)
