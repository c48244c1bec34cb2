"""Finding people, members and channels."""

from backchannel.protocol.commands import GetChannels, GetMe, GetMembers, GetPeople
from backchannel.protocol.results import Channels, Me, Members, People
from backchannel.protocol.shapes import User
from backchannel.queries.registry import answers
from backchannel.store import people, rooms
from backchannel.store.access import check_member


@answers(GetMe)
def get_me(_: GetMe, caller: User) -> Me:
    return Me(caller)


@answers(GetPeople)
def get_people(query: GetPeople, caller: User) -> People:
    if query.external_id is not None:
        return People(people.find_external(query.external_id, caller.id))
    return People(people.find_people(query.query.replace("\x00", ""), query.limit, caller.id))


@answers(GetChannels)
def get_channels(query: GetChannels, caller: User) -> Channels:
    return Channels(rooms.open_channels(caller.id, query.query.replace("\x00", ""), query.limit))


@answers(GetMembers)
def get_members(query: GetMembers, caller: User) -> Members:
    members = rooms.members_page(query.room_id, query.after, query.limit + 1)
    check_member(query.room_id, caller.id)  # last: a member at this point was allowed to see them
    return Members(members[: query.limit], len(members) > query.limit)
