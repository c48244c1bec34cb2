"""Rooms made and renamed."""

from backchannel import rules
from backchannel.commands.context import Answer, Caller, Context, Write
from backchannel.protocol.commands import CreateRoom, UpdateRoom
from backchannel.protocol.results import RoomResult
from backchannel.store import room_changes as changes


def _create(command: CreateRoom, caller: Caller, context: Context) -> changes.CreateRoom:
    name = rules.check_room_name(command.kind, command.name)
    topic = rules.check_topic(command.topic) or ""
    return changes.CreateRoom(
        actor=caller.user, kind=command.kind, name=name, topic=topic, members=command.members, limits=context.limits
    )


def _created(made: changes.Created) -> Answer:
    return Answer(RoomResult(made.room), 201 if made.created else 200)


def _update(command: UpdateRoom, caller: Caller, _: Context) -> changes.UpdateRoom:
    rules.check_text(name=command.name)
    topic = rules.check_topic(command.topic)
    return changes.UpdateRoom(actor=caller.user, room_id=command.room_id, name=command.name, topic=topic)


create_room = Write(_create, _created)
update_room = Write(_update)
