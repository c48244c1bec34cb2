"""Carries out what a session asks to be read: where the user stands, and what brings them up to now."""

from collections.abc import Mapping
from typing import Final

from backchannel.fanout.hub import Subscriber
from backchannel.protocol.codec import encode
from backchannel.protocol.events import AnyRoomEvent, PresenceFrame
from backchannel.protocol.results import RoomList
from backchannel.queries.rooms import room_list_of
from backchannel.store import reads
from backchannel.store.hop import in_thread
from backchannel.transports.effects import Effect, Read
from backchannel.transports.node import Node
from backchannel.transports.session import Place, Session

PRESENCE_ROOM: Final = 100
"""Presence is shared in rooms of up to this many members: beyond, it is noise that costs everybody."""


class CatchUp:
    """One session's reading. Used in this order: `place`, `enter`, `read`."""

    def __init__(self, node: Node, session: Session, subscriber: Subscriber) -> None:
        self._node = node
        self._session = session
        self._subscriber = subscriber
        self._place: reads.Place | None = None

    async def place(self) -> list[Effect]:
        place = await in_thread(reads.place_of, self._session.user.id)
        self._place = place
        heads = {seat.room_id: seat.head for seat in place.seats.values()}
        return self._session.placed(Place(place.epoch, place.user_version, heads), self._node.context.clock())

    def enter(self) -> None:
        assert self._place is not None
        for room_id in self._settle(self._place) - self._node.hub.rooms_of(self._subscriber):
            self._session.left(room_id)  # while the place was read

    async def read(self, wanted: Read) -> list[Effect]:
        """Read at least as far as the hub has delivered, so that what it brings next follows without a gap."""
        hub = self._node.hub
        await hub.wait_listening()
        at_least = {room: hub.head_of(room) for room in wanted.cursors}
        room_list, events = await in_thread(_read, self._session.user.id, wanted, at_least)
        frames = {room: [(event.seq, encode(event)) for event in run] for room, run in events.items()}
        presence = self._presence() if self._session.shows_presence else []
        return self._session.caught_up(room_list, frames, presence)

    async def read_list(self) -> list[Effect]:
        """The list again, and with it the rooms this session listens to."""
        place = await in_thread(reads.place_of, self._session.user.id)
        room_list = await in_thread(room_list_of, self._session.user.id)
        seqs = {room.id: room.seq for room in room_list.rooms}
        hub, before = self._node.hub, set(self._node.hub.rooms_of(self._subscriber))
        known = self._settle(place)
        now = set(hub.rooms_of(self._subscriber))
        for room_id in known - now:
            self._session.left(room_id)
        for room_id in now - before:
            self._session.joined(room_id, seqs.get(room_id, place.seats[room_id].head))
        return self._session.listed(room_list, place.user_version)

    def _settle(self, place: reads.Place) -> set[int]:
        """Listen to the rooms of this place; returns those it has, and those listened to before."""
        hub = self._node.hub
        known = set(hub.rooms_of(self._subscriber)) | place.seats.keys()
        seats = {seat.room_id: (seat.head, seat.member_count) for seat in place.seats.values()}
        hub.settle(self._subscriber, place.user_version, seats)
        return known

    def _presence(self) -> list[bytes]:
        hub, presence = self._node.hub, self._node.presence
        small = hub.small_rooms_of(self._subscriber, PRESENCE_ROOM)
        others = hub.people_in(small) - {self._session.user.id}
        states = ((user_id, presence.state_of(user_id)) for user_id in sorted(others))
        return [encode(PresenceFrame(user_id=user_id, state=state)) for user_id, state in states if state != "offline"]


def _read(
    user_id: int, wanted: Read, at_least: Mapping[int, int]
) -> tuple[RoomList | None, dict[int, list[AnyRoomEvent]]]:
    """The list first, the events after it, as they are said; sync. Membership is read last: what was read of a room was
    allowed to be seen by whoever is a member after it."""
    room_list = room_list_of(user_id) if wanted.with_list else None
    events: dict[int, list[AnyRoomEvent]] = {room: [] for room in wanted.cursors}
    cursors = dict(wanted.cursors)
    while cursors:
        found = reads.events_after(cursors, reads.CATCH_UP_PAGE)
        for room_id, run in found.items():
            events[room_id] += run
            cursors[room_id] += len(run)
        cursors = {room: seq for room, seq in cursors.items() if found[room] and seq < at_least[room]}
    said = {room: run for room, run in events.items() if run}
    if not said:
        return room_list, {}
    seats = reads.place_of(user_id).seats
    return room_list, {room: run for room, run in said.items() if room in seats}
