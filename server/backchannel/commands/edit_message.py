"""One's own message gets another text."""

from backchannel import rules
from backchannel.commands.context import Answer, Caller, Context
from backchannel.protocol.commands import EditMessage
from backchannel.store import message_changes as changes
from backchannel.store.read_pool import run_read
from backchannel.store.reads import room_of_message


async def edit_message(command: EditMessage, caller: Caller, context: Context) -> Answer:
    rules.check_content(command.content, context.limits.content_bytes)
    room_id = await run_read(room_of_message, command.message_id)
    change = changes.EditMessage(
        actor=caller.user,
        room_id=room_id,
        message_id=command.message_id,
        content=command.content,
        base_seq=command.base_seq,
    )
    return Answer(await context.log.write(change))
