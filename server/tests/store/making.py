"""People, rooms and messages, written in the test's own thread."""

from __future__ import annotations

import itertools
from typing import Any
from uuid import UUID, uuid4

from backchannel.commands.add_members import AddMembers
from backchannel.commands.create_room import CreateRoom
from backchannel.commands.send_message import SendMessage
from backchannel.protocol.shapes import Message, User
from backchannel.store.log import commit
from backchannel.store.models import Event, Person, Room
from backchannel.store.models import Message as MessageRow
from backchannel.store.operation import Operation, result_of
from backchannel.store.transaction import Outcome

_numbers = itertools.count(1)


def person(name: str = "p") -> User:
    username = f"{name}{next(_numbers)}z"
    row = Person.objects.create(account=f"making:{username}", username=username, display_name=name.title())
    return User(row.pk, username, row.display_name)


def outcome(operation: Operation) -> Outcome:
    return commit([operation])[0]


def do(operation: Operation) -> Any:
    """Commit the operation and return its result, or raise the error that refused it."""
    return result_of(outcome(operation))


def room(owner: User, *others: User, kind: Any = "group", name: str | None = None) -> int:
    name = name or ("C" if kind == "channel" else None)
    members = [user.id for user in others]
    return int(do(CreateRoom(actor=owner, kind=kind, name=name, topic="", members=members)).room.id)


def crowd(owner: User, count: int) -> tuple[int, list[User]]:
    """A group of `owner` and `count` others."""
    others = [person() for _ in range(count)]
    room_id = room(owner, *others[:100])
    if others[100:]:
        do(AddMembers(actor=owner, room_id=room_id, user_ids=[user.id for user in others[100:]]))
    return room_id, others


def append(room_id: int, sender: User, content: str = "Hello.", *, id: UUID | None = None, **rest: Any) -> SendMessage:
    return SendMessage(actor=sender, id=id or uuid4(), room_id=room_id, content=content, **rest)


def send(room_id: int, sender: User, content: str = "Hello.", **rest: Any) -> Message:
    message: Message = do(append(room_id, sender, content, **rest)).message
    return message


def log_of(room_id: int) -> list[int]:
    """All numbers of the room's log, from both tables."""
    messages = MessageRow.objects.filter(room_id=room_id).values_list("seq", flat=True)
    events = Event.objects.filter(room_id=room_id).values_list("seq", flat=True)
    return sorted([*messages, *events])


def check_gapless(room_id: int) -> None:
    head = Room.objects.get(pk=room_id).head
    assert log_of(room_id) == list(range(1, head + 1))
