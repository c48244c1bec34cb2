"""The reads of one session, and its listening at the hub: I/O only. What they bring goes back to the session as inputs.

Queries: one for the position, one for the events of all rooms that moved, none for rooms that are known not to have moved. Where
the room list is sent, it is one more, and another for each time that it brings a room that was not listened to.
"""

from collections.abc import Collection, Mapping
from typing import Final

from backchannel.fanout.room_channel import RoomChannel
from backchannel.fanout.subscriber import Subscriber
from backchannel.protocol.codec import encode
from backchannel.protocol.events import AnyRoomEvent
from backchannel.protocol.results import RoomList
from backchannel.queries.rooms import room_list_of
from backchannel.store import reads
from backchannel.transports.node import Node
from backchannel.transports.session.effects import Read, ReadEvents, ReadList, ReadPosition
from backchannel.transports.session.inputs import Entered, EventsRead, Followed, ListRead, PositionRead

PRESENCE_ROOM: Final = 100
"""Presence is shared in rooms of up to this many members: beyond, its cost outweighs its use."""
UNHEARD: Final = 500
"""How many events are read of a room above its known head, if it was not listened to between the reading of the position and the
entering."""


class SessionReads:
    """Used in this order: `ReadPosition`, `enter`, and then any of the others."""

    def __init__(self, node: Node, subscriber: Subscriber) -> None:
        self._node = node
        self._subscriber = subscriber
        self._position: reads.UserPosition | None = None
        self._listened_before: Mapping[int, RoomChannel] = {}
        """The rooms with a cursor that this node already listened to when the position was read."""

    async def read(self, wanted: Read) -> PositionRead | ListRead | EventsRead:
        """Raises CommandError where the database cannot answer."""
        match wanted:
            case ReadPosition():
                return await self._read_position(wanted)
            case ReadList():
                return await self._read_list()
            case ReadEvents():
                return await self._read_events(wanted)

    async def _read_position(self, wanted: ReadPosition) -> PositionRead:
        hub = self._node.hub
        await hub.wait_attached()
        self._listened_before = hub.channels_of(wanted.rooms)
        # A socket waited for its turn as a newcomer at the handshake.
        async with self._node.admission.turn(begun=self._subscriber.is_socket):
            position, at = await self._node.context.reads.run(self._position_now)
        self._position = position
        heads = {room_id: seat.head for room_id, seat in position.seats.items()}
        read_us = int(at * 1_000_000) if position.read_us is None else position.read_us
        return PositionRead(position.epoch, position.user_version, heads, at, read_us)

    def _position_now(self) -> tuple[reads.UserPosition, float]:
        """And the time, taken in the thread: the loop may get to the result much later."""
        return reads.position_of(self._subscriber.user_id), self._node.context.clock()

    def enter(self) -> Entered:
        """Listen to the rooms of the position."""
        position = self._read_already
        left, _ = self._listen_to(position.user_version, position.seats, also=position.seats.keys())
        return Entered(left, self._node.hub.head_of)

    async def _read_list(self) -> ListRead:
        await self._node.hub.wait_listening(self._subscriber)
        async with self._node.admission.turn(begun=True):
            return ListRead(await self._node.context.reads.run(room_list_of, self._subscriber.user_id))

    def follow(self, room_list: RoomList) -> Followed:
        """Listen to the rooms of the list."""
        seats = {room.id: (room.seq, room.member_count) for room in room_list.rooms}
        left, joined = self._listen_to(room_list.user_version, seats)
        return Followed(left, {room_id: seats[room_id][0] for room_id in joined})

    async def _read_events(self, wanted: ReadEvents) -> EventsRead:
        hub = self._node.hub
        await hub.wait_listening(self._subscriber)
        found: Mapping[int, list[AnyRoomEvent]] = {}
        if ranges := self._ranges(wanted.cursors):
            async with self._node.admission.turn(begun=True):
                found = await self._node.context.reads.run(reads.events_for, self._subscriber.user_id, ranges)
        events = {room: [(event.seq, encode(event)) for event in run] for room, run in found.items()}
        return EventsRead(events, self._presence() if wanted.with_presence else [], hub.head_of)

    def _ranges(self, cursors: Mapping[int, int]) -> dict[int, tuple[int, int]]:
        """The ranges to read: room → (above, up to). A room that was listened to since before the position was read has only the
        events that are known; in any other there may be some that were not delivered here."""
        hub, seats = self._node.hub, self._read_already.seats
        now = hub.channels_of(cursors)
        ranges = {}
        for room_id, cursor in cursors.items():
            known = max(seats[room_id].head, hub.head_of(room_id))
            before = self._listened_before.get(room_id)
            if before is None or before is not now.get(room_id):
                known = max(known, cursor + UNHEARD)
            if known > cursor:
                ranges[room_id] = (cursor, known)
        return ranges

    def _listen_to(
        self, version: int, seats: Mapping[int, tuple[int, int]], also: Collection[int] = ()
    ) -> tuple[set[int], set[int]]:
        """Enter and leave rooms at the hub. Returns the rooms that are not listened to any more, of those before and `also`, and
        those that were not listened to before."""
        hub = self._node.hub
        before = set(hub.rooms_of(self._subscriber))
        hub.set_rooms(self._subscriber, version, seats)
        now = set(hub.rooms_of(self._subscriber))
        return (before | set(also)) - now, now - before

    def _presence(self) -> list[bytes]:
        hub = self._node.hub
        small = hub.small_rooms_of(self._subscriber, PRESENCE_ROOM)
        people = hub.people_in(small) | self._node.presence.people_elsewhere(small)
        return self._node.broadcaster.frames_of(people - {self._subscriber.user_id})

    @property
    def _read_already(self) -> reads.UserPosition:
        assert self._position is not None
        return self._position
