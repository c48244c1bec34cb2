"""Up to where somebody has read."""

from backchannel.commands.context import Answer, Caller, Context
from backchannel.protocol.commands import MarkRead
from backchannel.store import read_marks


async def mark_read(command: MarkRead, caller: Caller, context: Context) -> Answer:
    return Answer(
        await context.log.write(read_marks.MarkRead(actor=caller.user, room_id=command.room_id, seq=command.seq))
    )
