"""Reactions, given and taken back."""

from backchannel import rules
from backchannel.commands.context import Answer, Caller, Context
from backchannel.protocol.commands import AddReaction, RemoveReaction
from backchannel.store import message_changes as changes
from backchannel.store.read_pool import run_read
from backchannel.store.reads import room_of_message


async def add_reaction(command: AddReaction, caller: Caller, context: Context) -> Answer:
    emoji = rules.check_emoji(command.emoji)
    room_id = await run_read(room_of_message, command.message_id)
    change = changes.AddReaction(actor=caller.user, room_id=room_id, message_id=command.message_id, emoji=emoji)
    return Answer(await context.log.write(change))


async def remove_reaction(command: RemoveReaction, caller: Caller, context: Context) -> Answer:
    emoji = rules.check_emoji(command.emoji)
    room_id = await run_read(room_of_message, command.message_id)
    change = changes.RemoveReaction(actor=caller.user, room_id=room_id, message_id=command.message_id, emoji=emoji)
    return Answer(await context.log.write(change))
