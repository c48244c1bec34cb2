"""What changes something, one file per verb.

`OPERATIONS` binds a declaration of `protocol.commands` to what builds its operation, which the log's writer carries out: all that
is stored. `ACTIONS` binds those that store nothing (typing, presence) to what carries them out. `queries.HANDLERS` has the rest.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from msgspec import Struct

from backchannel.commands.add_members import AddMembers
from backchannel.commands.add_reaction import AddReaction
from backchannel.commands.context import Caller, Context
from backchannel.commands.create_room import CreateRoom
from backchannel.commands.delete_message import DeleteMessage
from backchannel.commands.edit_message import EditMessage
from backchannel.commands.join_room import JoinRoom
from backchannel.commands.leave_room import LeaveRoom
from backchannel.commands.mark_read import MarkRead
from backchannel.commands.remove_member import RemoveMember
from backchannel.commands.remove_reaction import RemoveReaction
from backchannel.commands.send_message import SendMessage
from backchannel.commands.set_presence import set_presence
from backchannel.commands.typing import typing
from backchannel.commands.update_room import UpdateRoom
from backchannel.protocol import commands as declared
from backchannel.store.operation import Operation

Build = Callable[[Any, Caller, Context], Operation]
"""Checks what can be checked without the database. Raises CommandError."""
Action = Callable[[Any, Caller, Context], Awaitable[Struct]]

OPERATIONS: Final[dict[type[Struct], Build]] = {
    declared.SendMessage: SendMessage.build,
    declared.EditMessage: EditMessage.build,
    declared.DeleteMessage: DeleteMessage.build,
    declared.AddReaction: AddReaction.build,
    declared.RemoveReaction: RemoveReaction.build,
    declared.MarkRead: MarkRead.build,
    declared.CreateRoom: CreateRoom.build,
    declared.UpdateRoom: UpdateRoom.build,
    declared.JoinRoom: JoinRoom.build,
    declared.LeaveRoom: LeaveRoom.build,
    declared.AddMembers: AddMembers.build,
    declared.RemoveMember: RemoveMember.build,
}
ACTIONS: Final[dict[type[Struct], Action]] = {
    declared.Typing: typing,
    declared.SetPresence: set_presence,
}
