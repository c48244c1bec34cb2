"""The reading of the room list, until everything that happens in its rooms afterwards is delivered.

    idle ──start──▶ reading ──ListRead──▶ following ──Followed, no new room──▶ idle, with the list
                       ▲                      │
                       └── a new room ────────┘

Theory. A list says how far a room is at the moment of reading. If the session listened to the room before that moment, the hub
delivers all that follows. If it begins to listen because of the list, an event may lie between, so the list is read once more.
It ends, since rooms are not joined faster than lists are read; a list without a new room is the last.
"""

from backchannel.protocol.results import RoomList
from backchannel.transports.session.effects import Effect, Follow, ReadList
from backchannel.transports.session.inputs import Followed


class ListReading:
    __slots__ = ("_is_reading", "_room_list")

    def __init__(self) -> None:
        self._is_reading = False
        self._room_list: RoomList | None = None
        """As read last, while it is followed."""

    @property
    def is_idle(self) -> bool:
        return not self._is_reading

    def start(self) -> list[Effect]:
        self._is_reading = True
        return [ReadList()]

    def read(self, room_list: RoomList) -> list[Effect]:
        self._room_list = room_list
        return [Follow(room_list)]

    def followed(self, result: Followed) -> RoomList | None:
        """The list; None where it is to be read again."""
        room_list = self._room_list
        self._room_list = None
        if result.joined:
            return None
        self._is_reading = False
        return room_list
