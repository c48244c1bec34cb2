"""Who is in a room: joining, leaving, adding, removing."""

from backchannel.commands.context import Answer, Caller, Context
from backchannel.protocol.commands import AddMembers, JoinRoom, LeaveRoom, RemoveMember
from backchannel.store import room_changes as changes


async def join_room(command: JoinRoom, caller: Caller, context: Context) -> Answer:
    return Answer(await context.log.write(changes.JoinRoom(actor=caller.user, room_id=command.room_id)))


async def leave_room(command: LeaveRoom, caller: Caller, context: Context) -> Answer:
    return Answer(await context.log.write(changes.LeaveRoom(actor=caller.user, room_id=command.room_id)))


async def add_members(command: AddMembers, caller: Caller, context: Context) -> Answer:
    change = changes.AddMembers(actor=caller.user, room_id=command.room_id, user_ids=command.user_ids)
    return Answer(await context.log.write(change))


async def remove_member(command: RemoveMember, caller: Caller, context: Context) -> Answer:
    change = changes.RemoveMember(actor=caller.user, room_id=command.room_id, user_id=command.user_id)
    return Answer(await context.log.write(change))
