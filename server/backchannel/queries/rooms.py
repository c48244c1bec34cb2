"""A user's rooms."""

from backchannel.protocol import times
from backchannel.protocol.commands import GetRoom, GetRoomList
from backchannel.protocol.results import RoomList, RoomResult
from backchannel.protocol.shapes import User
from backchannel.queries.registry import answers
from backchannel.store import rooms
from backchannel.store.access import check_member
from backchannel.store.clock import now_us
from backchannel.store.transaction import not_a_member


@answers(GetRoomList)
def get_room_list(_: GetRoomList, caller: User) -> RoomList:
    return room_list_of(caller.id)


@answers(GetRoom)
def get_room(query: GetRoom, caller: User) -> RoomResult:
    found = rooms.rooms_of(caller.id, [query.room_id])
    if not found:
        check_member(query.room_id, caller.id)
        raise not_a_member(query.room_id)
    return RoomResult(found[0])


def room_list_of(user_id: int) -> RoomList:
    """One statement."""
    listed = rooms.list_of(user_id)
    return RoomList(listed.rooms, times.to_wire(now_us()), listed.user_version, listed.epoch)
