"""Messages from the site."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID, uuid5

from django.conf import settings

from backchannel import rules
from backchannel.api.people import person
from backchannel.api.rooms import OUT_OF_RANGE, RoomLike, RoomRef, id_of, name_of
from backchannel.api.texts import plain
from backchannel.api.writing import carry_out, catch_up
from backchannel.commands.send_message import new_message_id
from backchannel.config import read_config
from backchannel.intents.kinds import DeleteIntent, EditIntent, PostIntent, RoomName
from backchannel.protocol.errors import invalid
from backchannel.protocol.shapes import Message
from backchannel.store import access, intents, people, reads

PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class MessageRef:
    """A message that was posted, or will be when the transaction commits. `room`: as in `RoomRef`."""

    id: UUID
    room: RoomRef


MessageLike = MessageRef | Message | UUID
"""What `post` returned, what `history` has, or an id."""


def post(
    room: RoomLike,
    text: str,
    *,
    as_: Any = None,
    key: str | None = None,
    reply_to: UUID | None = None,
    thread: UUID | None = None,
    in_room: bool = False,
) -> MessageRef:
    """Post a message in Markdown. `as_`: the user who wrote it, a member of the room; None: the system.

    `key`: the site's own name of this message in this room. Posting it again, at any time and from any process, posts nothing: whatever
    is retried may be retried as a whole. The same key with another text is refused. Without it each call is a message.

    `thread`: the id of the message that it replies to in a thread; `in_room`: the room shows this reply as well.
    """
    text = plain(text=text)
    rules.check_content(text, _content_bytes())
    target = name_of(room)
    room_id = id_of(target)
    sender = people.system_person() if as_ is None else person(as_)
    if room_id is not None and not intents.is_waiting():
        _check_may_post(room_id, None if as_ is None else sender.id, reply_to, thread)
    intent = PostIntent(
        room=target,
        id=new_message_id() if key is None else _id_of(_lasting_name(room, target), key),
        text=text,
        sender=sender.id,
        reply_to=reply_to,
        thread=thread,
        in_room=in_room,
        is_system=as_ is None,
    )
    carry_out(intent, {sender.id: sender}, room_id)
    return MessageRef(intent.id, RoomRef(room_id, target if isinstance(target, str) else None))


def edit(message: MessageLike, text: str) -> None:
    """Give a message another text, also one that a user wrote; people see that it was edited. Raises `message_not_found`, `message_deleted`."""
    text = plain(text=text)
    rules.check_content(text, _content_bytes())
    room, id_ = _place_of(message)
    system = people.system_person()
    carry_out(EditIntent(room=room, message=id_, text=text, by=system.id), {system.id: system}, id_of(room))


def delete(message: MessageLike) -> None:
    """Take the text of a message away for good, also of one that a user wrote; its place stays as a tombstone. Nothing happens to a tombstone. Raises
    `message_not_found`."""
    room, id_ = _place_of(message)
    system = people.system_person()
    carry_out(DeleteIntent(room=room, message=id_, by=system.id), {system.id: system}, id_of(room))


def history(room: RoomLike, *, after: int = 0, limit: int = 50) -> list[Message]:
    """The oldest messages behind seq `after`, ascending: the next page begins after the last one's `seq`. What the caller's transaction
    posts is not among them before it commits."""
    if not 1 <= limit <= PAGE:
        raise invalid(limit=f"From 1 to {PAGE}.")
    room_id = id_of(name_of(room))
    return [] if room_id is None or after >= OUT_OF_RANGE else reads.page_after(room_id, after, limit)


def _place_of(message: MessageLike) -> tuple[RoomName, UUID]:
    """The room and id of a message. One that the same transaction posts is known by its reference alone."""
    if isinstance(message, MessageRef):
        return name_of(message.room), message.id
    catch_up()
    id_ = message.id if isinstance(message, Message) else message
    return reads.room_of_message(id_), id_


def _check_may_post(room_id: int, sender: int | None, reply_to: UUID | None, thread: UUID | None) -> None:
    """What is refused after the commit is refused here already, where nothing that waits could change it."""
    if sender is not None:
        access.check_member(room_id, sender)
    if reply_to is not None and reads.room_of_message(reply_to) != room_id:
        raise invalid(reply_to="There is no such message in this room.")
    if thread is not None and reads.room_of_message(thread) != room_id:
        raise invalid(thread="There is no such message in this room.")


def _lasting_name(room: RoomLike, target: RoomName) -> str:
    """A room has one name here, however the caller gives it."""
    if isinstance(room, RoomRef) and room.key is not None:
        return room.key
    return target if isinstance(target, str) else intents.name_of_room(target)


def _id_of(room: str, key: str) -> UUID:
    if not plain(key=key):
        raise invalid(key='A key has at least one character, like "shipped".')
    rules.check_text(key=key)
    return uuid5(UUID(intents.namespace()), f"{room}\n{key}")


def _content_bytes() -> int:
    return read_config(getattr(settings, "BACKCHANNEL", {})).limits.content_bytes
