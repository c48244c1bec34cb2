"""Carries out what a session asks to be read: where the user stands, and what brings them up to now.

Two queries: one for the place, one for the events of all rooms that moved, none for rooms that are known not to have moved.
Where the list is sent it is a third.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from backchannel.fanout.room_channel import RoomChannel
from backchannel.fanout.subscriber import Subscriber
from backchannel.protocol.codec import encode
from backchannel.protocol.events import AnyRoomEvent
from backchannel.protocol.results import RoomList
from backchannel.queries.rooms import room_list_of
from backchannel.store import reads
from backchannel.store.read_pool import run_read
from backchannel.transports.effects import Effect, Read
from backchannel.transports.node import Node
from backchannel.transports.session import Place, Session

PRESENCE_ROOM: Final = 100
"""Presence is shared in rooms of up to this many members: beyond, it is noise that costs everybody."""
UNHEARD: Final = 500
"""Events read of a room beyond what is known of it, where nobody listened between the reading of the place and the entering."""


class CatchUp:
    """One session's reading. Used in this order: `place`, `enter`, `read`."""

    def __init__(self, node: Node, session: Session, subscriber: Subscriber) -> None:
        self._node = node
        self._session = session
        self._subscriber = subscriber
        self._place: reads.Place | None = None
        self.opened_us = 0
        """When the session opened, by the clock that all nodes share; 0 before the place was read."""
        self.frames: Mapping[int, Sequence[tuple[int, bytes]]] = {}
        """What was read: room → (seq, frame), unbroken from the cursor."""
        self._heard: dict[int, RoomChannel] = {}

    async def place(self) -> list[Effect]:
        await self._node.hub.wait_attached()
        self._heard = self._node.hub.channels_of(self._session.named_rooms)
        # A socket has had its turn as a newcomer at the handshake.
        async with self._node.admission.turn(begun=self._subscriber.is_socket):
            place, at = await run_read(self._read_place)
        self._place = place
        read_us = int(at * 1_000_000) if place.read_us is None else place.read_us
        self.opened_us = read_us - int((at - self._session.opened_at) * 1_000_000)
        heads = {room_id: seat.head for room_id, seat in place.seats.items()}
        return self._session.placed(Place(place.epoch, place.user_version, heads), self._node.context.clock())

    def _read_place(self) -> tuple[reads.Place, float]:
        """And when, by this node's own clock. In the thread: the loop may come to it late."""
        return reads.position_of(self._session.user.id), self._node.context.clock()

    def enter(self) -> None:
        assert self._place is not None
        hub = self._node.hub
        for room_id in self._settle(self._place) - hub.rooms_of(self._subscriber):
            self._session.left(room_id)  # while the place was read
        self._session.entered(hub.head_of)

    def settle(self, other: Subscriber) -> None:
        """Have another subscriber of this user listen to the rooms of the place."""
        assert self._place is not None
        self._node.hub.settle(other, self._place.user_version, self._place.seats)

    async def read(self, wanted: Read) -> list[Effect]:
        """Read at least as far as the hub has delivered, so that what it brings next follows without a gap."""
        assert self._place is not None
        await self._node.hub.wait_listening(self._subscriber)
        room_list = await self._followed_list() if wanted.with_list else None
        events: Mapping[int, list[AnyRoomEvent]] = {}
        if ranges := self._ranges(wanted.cursors, self._place):
            async with self._node.admission.turn(begun=True):
                events = await run_read(reads.events_for, self._session.user.id, ranges)
        self.frames = {room: [(event.seq, encode(event)) for event in run] for room, run in events.items()}
        presence = self._presence() if self._session.shows_presence else []
        return self._session.caught_up(room_list, self.frames, presence)

    def _ranges(self, cursors: Mapping[int, int], place: reads.Place) -> dict[int, tuple[int, int]]:
        """What is to be read: room → (above, up to). A room that was listened to since before the place was read has no other
        events than those known of; in any other there may be some that nobody here heard."""
        hub = self._node.hub
        now = hub.channels_of(cursors)
        ranges = {}
        for room_id, cursor in cursors.items():
            known = max(place.seats[room_id].head, hub.head_of(room_id))
            if room_id not in self._heard or self._heard[room_id] is not now.get(room_id):
                known = max(known, cursor + UNHEARD)
            if known > cursor:
                ranges[room_id] = (cursor, known)
        return ranges

    async def read_list(self) -> list[Effect]:
        """The list again, and with it the rooms this session listens to."""
        return self._session.listed(await self._followed_list())

    async def _followed_list(self) -> RoomList:
        """A list all of whose rooms were listened to before it was read: what happens in them after it is heard."""
        while True:
            async with self._node.admission.turn(begun=True):
                room_list = await run_read(room_list_of, self._session.user.id)
            if not self._follow(room_list):
                return room_list
            await self._node.hub.wait_listening(self._subscriber)

    def _follow(self, room_list: RoomList) -> bool:
        """Listen to the rooms of the list; True where any of them was not listened to."""
        hub, before = self._node.hub, set(self._node.hub.rooms_of(self._subscriber))
        rooms = {room.id: room for room in room_list.rooms}
        seats = {room.id: (room.seq, room.member_count) for room in room_list.rooms}
        hub.settle(self._subscriber, room_list.user_version, seats)
        now = set(hub.rooms_of(self._subscriber))
        for room_id in before - now:
            self._session.left(room_id)
        for room_id in now - before:
            self._session.joined(room_id, rooms[room_id].seq)
        return bool(now - before)

    def _settle(self, place: reads.Place) -> set[int]:
        """Listen to the rooms of this place; returns those it has, and those listened to before."""
        hub = self._node.hub
        known = set(hub.rooms_of(self._subscriber)) | place.seats.keys()
        hub.settle(self._subscriber, place.user_version, place.seats)
        return known

    def _presence(self) -> list[bytes]:
        hub = self._node.hub
        small = hub.small_rooms_of(self._subscriber, PRESENCE_ROOM)
        people = hub.people_in(small) | self._node.shown.people_elsewhere(small)
        return self._node.shown.frames_of(people - {self._session.user.id})
