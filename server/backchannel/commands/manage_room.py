"""Rooms made and renamed."""

from backchannel import rules
from backchannel.commands.context import Answer, Caller, Context
from backchannel.protocol.commands import CreateRoom, UpdateRoom
from backchannel.protocol.results import RoomResult
from backchannel.store import room_changes as changes


async def create_room(command: CreateRoom, caller: Caller, context: Context) -> Answer:
    name = rules.check_room_name(command.kind, command.name)
    rules.check_text(topic=command.topic)
    change = changes.CreateRoom(
        actor=caller.user, kind=command.kind, name=name, topic=command.topic.strip(), members=command.members
    )
    made: changes.Created = await context.log.write(change)
    return Answer(RoomResult(made.room), 201 if made.created else 200)


async def update_room(command: UpdateRoom, caller: Caller, context: Context) -> Answer:
    rules.check_text(name=command.name, topic=command.topic)
    change = changes.UpdateRoom(actor=caller.user, room_id=command.room_id, name=command.name, topic=command.topic)
    return Answer(await context.log.write(change))
