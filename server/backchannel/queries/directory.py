"""Who and what there is to be found."""

from backchannel.protocol.commands import GetChannels, GetMe, GetMembers, GetPeople
from backchannel.protocol.results import Channels, Me, Members, People
from backchannel.protocol.shapes import User
from backchannel.queries.registry import answers
from backchannel.store import people, rooms
from backchannel.store.access import check_member
from backchannel.store.read_pool import run_read


@answers(GetMe)
async def get_me(_: GetMe, caller: User) -> Me:
    return Me(caller)


@answers(GetPeople)
async def get_people(query: GetPeople, _: User) -> People:
    return People(await run_read(people.find_people, query.query.replace("\x00", ""), query.limit))


@answers(GetChannels)
async def get_channels(query: GetChannels, caller: User) -> Channels:
    return Channels(await run_read(rooms.open_channels, caller.id, query.query.replace("\x00", ""), query.limit))


@answers(GetMembers)
async def get_members(query: GetMembers, caller: User) -> Members:
    def read() -> Members:
        members = rooms.members_page(query.room_id, query.after, query.limit + 1)
        check_member(query.room_id, caller.id)  # last: whoever is a member now was allowed to see them
        return Members(members[: query.limit], len(members) > query.limit)

    return await run_read(read)
