"""Who is in a room: joining, leaving, adding, removing."""

from backchannel.commands.context import Caller, Context, Write
from backchannel.protocol.commands import AddMembers, JoinRoom, LeaveRoom, RemoveMember
from backchannel.store import room_changes as changes


def _join(command: JoinRoom, caller: Caller, context: Context) -> changes.JoinRoom:
    return changes.JoinRoom(actor=caller.user, room_id=command.room_id, limits=context.limits)


def _leave(command: LeaveRoom, caller: Caller, _: Context) -> changes.LeaveRoom:
    return changes.LeaveRoom(actor=caller.user, room_id=command.room_id)


def _add(command: AddMembers, caller: Caller, context: Context) -> changes.AddMembers:
    return changes.AddMembers(
        actor=caller.user, room_id=command.room_id, user_ids=command.user_ids, limits=context.limits
    )


def _remove(command: RemoveMember, caller: Caller, _: Context) -> changes.RemoveMember:
    return changes.RemoveMember(actor=caller.user, room_id=command.room_id, user_id=command.user_id)


join_room = Write(_join)
leave_room = Write(_leave)
add_members = Write(_add)
remove_member = Write(_remove)
