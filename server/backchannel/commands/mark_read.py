"""Up to where somebody has read."""

from backchannel.commands.context import Caller, Context, Write
from backchannel.protocol.commands import MarkRead
from backchannel.store import read_marks


def _operation(command: MarkRead, caller: Caller, _: Context) -> read_marks.MarkRead:
    return read_marks.MarkRead(actor=caller.user, room_id=command.room_id, seq=command.seq)


mark_read = Write(_operation)
