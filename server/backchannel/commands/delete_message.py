"""A message's body is erased; its place stays."""

from backchannel.commands.context import Answer, Caller, Context
from backchannel.protocol.commands import DeleteMessage
from backchannel.store import message_changes as changes
from backchannel.store.read_pool import run_read
from backchannel.store.reads import room_of_message


async def delete_message(command: DeleteMessage, caller: Caller, context: Context) -> Answer:
    room_id = await run_read(room_of_message, command.message_id)
    change = changes.DeleteMessage(actor=caller.user, room_id=room_id, message_id=command.message_id)
    return Answer(await context.log.write(change))
