"""The kinds of intents, as they are stored. People are named by their ids in the chat, rooms by id or key."""

from typing import Literal
from uuid import UUID

import msgspec

from backchannel.commands.create_room import CreateRoom
from backchannel.commands.send_message import SendMessage
from backchannel.intents.operations import (
    AddPeople,
    ChangeMessage,
    ChangeRoom,
    MakeRoom,
    RemoveMessage,
    RemovePeople,
)
from backchannel.protocol.shapes import User
from backchannel.store.operation import Operation

RoomName = int | str
"""A room's id; or its key, also of a room that an earlier intent makes."""
People = dict[int, User]


class _Intent(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", omit_defaults=True):
    @property
    def rooms(self) -> tuple[RoomName, ...]:
        """The rooms that it changes."""
        return ()

    @property
    def people(self) -> tuple[int, ...]:
        """Everybody it names."""
        return ()


class MakeRoomIntent(_Intent, frozen=True, kw_only=True, tag="room"):
    key: str
    type: Literal["group", "channel"]
    name: str | None
    topic: str
    members: list[int]
    sync_members: bool
    by: int
    space: str | None = None

    @property
    def rooms(self) -> tuple[RoomName, ...]:
        return (self.key,)

    @property
    def people(self) -> tuple[int, ...]:
        return (self.by, *self.members)

    def operation(self, people: People, _: int | None = None) -> Operation:
        return MakeRoom(
            actor=people[self.by],
            key=self.key,
            kind=self.type,
            name=self.name,
            topic=self.topic,
            members=self.members,
            sync_members=self.sync_members,
            space=self.space,
        )


class DirectIntent(_Intent, frozen=True, kw_only=True, tag="direct"):
    first: int
    second: int

    @property
    def people(self) -> tuple[int, ...]:
        return (self.first, self.second)

    def operation(self, people: People, _: int | None = None) -> Operation:
        return CreateRoom(actor=people[self.first], kind="direct", name=None, topic="", members=[self.second])


class _InRoom(_Intent, frozen=True, kw_only=True):
    room: RoomName

    @property
    def rooms(self) -> tuple[RoomName, ...]:
        return (self.room,)


class _OfMembers(_InRoom, frozen=True, kw_only=True):
    members: list[int]
    by: int

    @property
    def people(self) -> tuple[int, ...]:
        return (self.by, *self.members)


class AddIntent(_OfMembers, frozen=True, kw_only=True, tag="add"):
    def operation(self, people: People, room_id: int) -> Operation:
        return AddPeople(actor=people[self.by], room_id=room_id, user_ids=self.members)


class RemoveIntent(_OfMembers, frozen=True, kw_only=True, tag="remove"):
    def operation(self, people: People, room_id: int) -> Operation:
        return RemovePeople(actor=people[self.by], room_id=room_id, user_ids=self.members)


class UpdateIntent(_InRoom, frozen=True, kw_only=True, tag="update"):
    """A field that is None is not changed."""

    name: str | None = None
    topic: str | None = None
    by: int

    @property
    def people(self) -> tuple[int, ...]:
        return (self.by,)

    def operation(self, people: People, room_id: int) -> Operation:
        return ChangeRoom(actor=people[self.by], room_id=room_id, name=self.name, topic=self.topic)


class PostIntent(_InRoom, frozen=True, kw_only=True, tag="post"):
    id: UUID
    text: str
    sender: int
    reply_to: UUID | None = None
    thread: UUID | None = None
    in_room: bool = False
    is_system: bool = False
    """From the site itself, which is in no room."""

    @property
    def people(self) -> tuple[int, ...]:
        return (self.sender,)

    def operation(self, people: People, room_id: int) -> SendMessage:
        return SendMessage(
            actor=people[self.sender],
            id=self.id,
            room_id=room_id,
            content=self.text,
            reply_to=self.reply_to,
            thread=self.thread,
            in_room=self.in_room,
            is_from_site=self.is_system,
            via="site",
        )


class EditIntent(_InRoom, frozen=True, kw_only=True, tag="edit"):
    message: UUID
    text: str
    by: int

    @property
    def people(self) -> tuple[int, ...]:
        return (self.by,)

    def operation(self, people: People, room_id: int) -> Operation:
        return ChangeMessage(actor=people[self.by], room_id=room_id, message_id=self.message, content=self.text)


class DeleteIntent(_InRoom, frozen=True, kw_only=True, tag="delete"):
    message: UUID
    by: int

    @property
    def people(self) -> tuple[int, ...]:
        return (self.by,)

    def operation(self, people: People, room_id: int) -> Operation:
        return RemoveMessage(actor=people[self.by], room_id=room_id, message_id=self.message)


Intent = (
    MakeRoomIntent | DirectIntent | AddIntent | RemoveIntent | UpdateIntent | PostIntent | EditIntent | DeleteIntent
)

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(Intent).decode
