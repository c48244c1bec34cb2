"""What changes something, one file per verb: check, write, publish. The only place that publishes.

`HANDLERS` binds each declaration of `protocol.commands` that writes to its handler; `queries.HANDLERS` has the others.
"""

from typing import Final

from msgspec import Struct

from backchannel.commands.change_membership import add_members, join_room, leave_room, remove_member
from backchannel.commands.context import Handler
from backchannel.commands.delete_message import delete_message
from backchannel.commands.edit_message import edit_message
from backchannel.commands.manage_room import create_room, update_room
from backchannel.commands.mark_read import mark_read
from backchannel.commands.react import add_reaction, remove_reaction
from backchannel.commands.send_message import send_message
from backchannel.commands.set_presence import set_presence
from backchannel.commands.typing import typing
from backchannel.protocol import commands as declared

HANDLERS: Final[dict[type[Struct], Handler]] = {
    declared.SendMessage: send_message,
    declared.EditMessage: edit_message,
    declared.DeleteMessage: delete_message,
    declared.AddReaction: add_reaction,
    declared.RemoveReaction: remove_reaction,
    declared.MarkRead: mark_read,
    declared.Typing: typing,
    declared.SetPresence: set_presence,
    declared.CreateRoom: create_room,
    declared.UpdateRoom: update_room,
    declared.JoinRoom: join_room,
    declared.LeaveRoom: leave_room,
    declared.AddMembers: add_members,
    declared.RemoveMember: remove_member,
}
