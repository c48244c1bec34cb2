"""What only reads. Each query checks who asks, then reads in a thread; `HANDLERS` binds the declarations to them."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from msgspec import Struct

from backchannel.protocol import commands as declared
from backchannel.protocol.shapes import User
from backchannel.queries.directory import get_channels, get_me, get_members, get_people
from backchannel.queries.events import get_events
from backchannel.queries.history import get_history
from backchannel.queries.rooms import get_room, get_room_list

HANDLERS: Final[dict[type[Struct], Callable[[Any, User], Awaitable[Struct]]]] = {
    declared.GetMe: get_me,
    declared.GetRoomList: get_room_list,
    declared.GetRoom: get_room,
    declared.GetHistory: get_history,
    declared.GetEvents: get_events,
    declared.GetMembers: get_members,
    declared.GetPeople: get_people,
    declared.GetChannels: get_channels,
}
