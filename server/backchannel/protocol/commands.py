"""Every command a client can give, declared once.

A declaration is a struct (the WebSocket frame), a REST method and path, and a result. From `COMMANDS` derive the
WebSocket dispatcher, the HTTP routes, OpenAPI, AsyncAPI, the JSON Schema and the client's TypeScript types; the handlers
live in `backchannel.commands` and `backchannel.queries`, one for each declaration, and a test counts them.

In a REST call the fields named in the path come from the path, those of a GET or DELETE from the query string, the rest
from the JSON body.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final, Literal, TypeVar
from uuid import UUID

import msgspec
from msgspec import Meta

from backchannel.protocol.results import (
    Channels,
    Empty,
    Events,
    History,
    Me,
    Members,
    MessageResult,
    People,
    Pins,
    ReadState,
    RoomList,
    RoomResult,
    SendResult,
)

Id = Annotated[int, Meta(ge=1, le=2**53 - 1, description="A room's or user's id.")]
Seq = Annotated[int, Meta(ge=0, le=2**53 - 1, description="An event's number in its room; 0 is before the first.")]
Page = Annotated[int, Meta(ge=1, le=200, description="How many at most.")]
CommandId = Annotated[str, Meta(min_length=1, max_length=64, description="Names the command; echoed in its answer.")]
Emoji = Annotated[str, Meta(min_length=1, max_length=32)]
Content = Annotated[str, Meta(max_length=16 * 1024, description="Markdown text, at most 16 KiB of UTF-8.")]
RoomName = Annotated[str, Meta(max_length=80)]
Topic = Annotated[str, Meta(max_length=250)]
Search = Annotated[str, Meta(max_length=100)]
UserIds = Annotated[list[Id], Meta(max_length=100)]
Instance = Annotated[str, Meta(min_length=1, max_length=64, description="Names one tab or process of a client.")]

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


@dataclass(frozen=True, slots=True)
class Change:
    """What a command changes in a room's log. Such commands have a rate of their own, see `transports.rates`.

    Changing one thing over and over (the reactions of a message) has a lower one: `what` names the kind of thing, and the values
    of the fields `of` name which one. Without `what`, nothing is changed twice.
    """

    what: str | None = None
    of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Declaration:
    """One command: its word, its struct, where it is over REST, what it answers."""

    word: str
    struct: type[msgspec.Struct]
    method: Method | None
    """None where the command is only on the WebSocket."""
    path: str
    result: type[msgspec.Struct]
    status: int
    """HTTP status of the usual success."""
    change: Change | None
    """None where it leaves no event, and for messages, which have a rate of their own."""

    @property
    def path_fields(self) -> tuple[str, ...]:
        return tuple(part[1:-1] for part in self.path.split("/") if part.startswith("{"))

    @property
    def summary(self) -> str:
        return (self.struct.__doc__ or "").strip().split("\n", 1)[0]

    @property
    def changes_state(self) -> bool:
        return self.method not in (None, "GET")


COMMANDS: Final[dict[str, Declaration]] = {}

C = TypeVar("C", bound=type[msgspec.Struct])


class Command(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, tag_field="type", omit_defaults=True):
    """Base of all commands."""

    id: CommandId | None = None


def _declare(
    rest: str | None, result: type[msgspec.Struct], status: int = 200, *, change: Change | None = None
) -> Callable[[C], C]:
    """Enter a command struct into `COMMANDS`. `rest`: `"METHOD /path/{field}"`."""

    def enter(struct: C) -> C:
        word = struct.__struct_config__.tag
        assert isinstance(word, str)
        method, path = rest.split(" ") if rest else (None, "")
        COMMANDS[word] = Declaration(word, struct, method, path, result, status, change)  # type: ignore[arg-type]
        return struct

    return enter


@_declare("GET /api/me", Me)
class GetMe(Command, kw_only=True, tag="get_me"):
    """Tell who the caller is."""


@_declare("GET /api/rooms", RoomList)
class GetRoomList(Command, kw_only=True, tag="get_room_list"):
    """List the caller's rooms with unread counts and last messages."""


@_declare("GET /api/rooms/{room_id}", RoomResult)
class GetRoom(Command, kw_only=True, tag="get_room"):
    """Show one of the caller's rooms."""

    room_id: Id


@_declare("POST /api/rooms/{room_id}/messages", SendResult, 201)
class SendMessage(Command, kw_only=True, tag="send_message"):
    """Send a message. The same id again, at any time and on any transport, gets the first outcome again.

    `id` is the message's id, a UUID (v7 preferred) made by the sender; left out, the server makes one and a retry is a
    new message. `reply_to` is the id of a message in the same room.
    """

    id: UUID | None = None  # type: ignore[assignment]
    room_id: Id
    content: Content
    reply_to: UUID | None = None
    attachments: Annotated[list[UUID], Meta(max_length=10)] = []


@_declare("PATCH /api/messages/{message_id}", MessageResult, change=Change("edits", of=("message_id",)))
class EditMessage(Command, kw_only=True, tag="edit_message"):
    """Replace the text of one's own message. 409 `edit_conflict` where `base_seq` is not its last change."""

    message_id: UUID
    content: Content
    base_seq: Seq | None = None


@_declare("DELETE /api/messages/{message_id}", MessageResult, change=Change())
class DeleteMessage(Command, kw_only=True, tag="delete_message"):
    """Erase a message's body, for good. Its place in the room stays, as a tombstone."""

    message_id: UUID


@_declare(
    "PUT /api/messages/{message_id}/reactions/{emoji}", MessageResult, change=Change("reactions", of=("message_id",))
)
class AddReaction(Command, kw_only=True, tag="add_reaction"):
    """React to a message; doing so twice changes nothing."""

    message_id: UUID
    emoji: Emoji


@_declare(
    "DELETE /api/messages/{message_id}/reactions/{emoji}", MessageResult, change=Change("reactions", of=("message_id",))
)
class RemoveReaction(Command, kw_only=True, tag="remove_reaction"):
    """Take one's reaction back; doing so twice changes nothing."""

    message_id: UUID
    emoji: Emoji


@_declare("PUT /api/messages/{message_id}/pin", MessageResult, change=Change("pin", of=("message_id",)))
class PinMessage(Command, kw_only=True, tag="pin_message"):
    """Pin a message in its room; doing so twice changes nothing. A room holds 50 pins at most."""

    message_id: UUID


@_declare("DELETE /api/messages/{message_id}/pin", MessageResult, change=Change("pin", of=("message_id",)))
class UnpinMessage(Command, kw_only=True, tag="unpin_message"):
    """Unpin a message, whoever pinned it; doing so twice changes nothing."""

    message_id: UUID


@_declare("GET /api/rooms/{room_id}/pins", Pins)
class GetPins(Command, kw_only=True, tag="get_pins"):
    """List a room's pinned messages, the newest pin first."""

    room_id: Id


@_declare("GET /api/rooms/{room_id}/messages", History)
class GetHistory(Command, kw_only=True, tag="get_history"):
    """Read a page of messages, ascending by seq: the newest, or those before, after or around a seq."""

    room_id: Id
    before: Seq | None = None
    after: Seq | None = None
    around: Seq | None = None
    limit: Page = 50


@_declare("GET /api/rooms/{room_id}/events", Events)
class GetEvents(Command, kw_only=True, tag="get_events"):
    """Read the room's log after a cursor: how a client repairs a gap."""

    room_id: Id
    after: Seq
    limit: Page = 200


@_declare("PUT /api/rooms/{room_id}/read", ReadState)
class MarkRead(Command, kw_only=True, tag="mark_read"):
    """Mark everything up to `seq` as read. The mark only grows, and never passes the room's head."""

    room_id: Id
    seq: Seq


@_declare("POST /api/rooms/{room_id}/typing", Empty)
class Typing(Command, kw_only=True, tag="typing"):
    """Tell the room that the caller types, or stopped. At most one in 3 s is passed on."""

    room_id: Id
    active: bool


@_declare("PUT /api/presence", Empty)
class SetPresence(Command, kw_only=True, tag="set_presence"):
    """Tell whether a person is at this device. `instance` names the device over REST; a WebSocket knows its own."""

    state: Literal["online", "away"]
    instance: Instance | None = None


@_declare("POST /api/rooms", RoomResult, 201)
class CreateRoom(Command, kw_only=True, tag="create_room"):
    """Create a room: `direct` (one per pair, for ever: 200 where it exists), `group` (by invitation), `channel` (open to all)."""

    kind: Literal["direct", "group", "channel"]
    name: RoomName | None = None
    topic: Topic = ""
    members: UserIds = []


@_declare("PATCH /api/rooms/{room_id}", RoomResult, change=Change("room", of=("room_id",)))
class UpdateRoom(Command, kw_only=True, tag="update_room"):
    """Change a group's or channel's name or topic."""

    room_id: Id
    name: RoomName | None = None
    topic: Topic | None = None


@_declare("PUT /api/rooms/{room_id}/membership", RoomResult, change=Change("membership", of=("room_id",)))
class JoinRoom(Command, kw_only=True, tag="join_room"):
    """Join a channel; joining twice changes nothing."""

    room_id: Id


@_declare("DELETE /api/rooms/{room_id}/membership", RoomResult, change=Change("membership", of=("room_id",)))
class LeaveRoom(Command, kw_only=True, tag="leave_room"):
    """Leave a group or channel. The answer shows the room as it was left."""

    room_id: Id


@_declare("POST /api/rooms/{room_id}/members", RoomResult, change=Change())
class AddMembers(Command, kw_only=True, tag="add_members"):
    """Add people to a group or channel one is in; those who are in already stay so."""

    room_id: Id
    user_ids: Annotated[list[Id], Meta(min_length=1, max_length=100)]


@_declare(
    "DELETE /api/rooms/{room_id}/members/{user_id}",
    RoomResult,
    change=Change("removal", of=("room_id", "user_id")),
)
class RemoveMember(Command, kw_only=True, tag="remove_member"):
    """Remove somebody from a group or channel. They see nothing of it from then on."""

    room_id: Id
    user_id: Id


@_declare("GET /api/rooms/{room_id}/members", Members)
class GetMembers(Command, kw_only=True, tag="get_members"):
    """List a room's members, ascending by id."""

    room_id: Id
    after: Annotated[int, Meta(ge=0, le=2**53 - 1, description="List members with ids above this one.")] = 0
    limit: Page = 100


@_declare("GET /api/people", People)
class GetPeople(Command, kw_only=True, tag="get_people"):
    """Find people by the beginning of a name."""

    query: Search = ""
    limit: Page = 50


@_declare("GET /api/channels", Channels)
class GetChannels(Command, kw_only=True, tag="get_channels"):
    """List the channels that are open to everybody, the largest first."""

    query: Search = ""
    limit: Page = 50


@_declare(None, Empty)
class Ping(Command, kw_only=True, tag="ping"):
    """Ask for a sign of life; answered by the frame `pong`."""


def declaration_of(command: msgspec.Struct) -> Declaration:
    return _BY_STRUCT[type(command)]


_BY_STRUCT: Final = {declaration.struct: declaration for declaration in COMMANDS.values()}
