"""Every command, declared once.

A declaration is a struct (the WebSocket frame), a REST method and path, and a result. The WebSocket dispatcher, HTTP routes,
OpenAPI, AsyncAPI, JSON Schema and the client's TypeScript types are derived from `COMMANDS`. Handlers live in
`backchannel.commands` and `backchannel.queries`, one per declaration; a test checks that none is missing.
In a REST call, the fields named in the path come from the path, those of a GET or DELETE from the query string, and the rest
from the JSON body.

Over 300 lines because it is one table: every command, in the order of the documents.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final, Literal, TypeVar, cast
from uuid import UUID

import msgspec
from msgspec import Meta

from backchannel.protocol.results import (
    Channels,
    DraftResult,
    Drafts,
    Empty,
    Events,
    History,
    Me,
    Members,
    MessageDetails,
    MessageResult,
    MyNotificationsResult,
    People,
    Pins,
    PushKeyResult,
    PushResult,
    PushTestResult,
    ReadState,
    RoomList,
    RoomNotificationsResult,
    RoomResult,
    ScheduledList,
    ScheduledResult,
    SearchResult,
    SendResult,
    ThreadPage,
    ThreadReadState,
    ThreadResult,
    Threads,
    UploadResult,
)
from backchannel.protocol.shapes import NotificationLevel, PushContent, PushKeys, QuietHours

Id = Annotated[int, Meta(ge=1, le=2**53 - 1, description="A room's or user's id.")]
Seq = Annotated[int, Meta(ge=0, le=2**53 - 1, description="An event's number in its room; 0 is before the first.")]
Rev = Annotated[int, Meta(ge=0, le=2**53 - 1, description="A version, from an earlier answer; 0 for none.")]
Time = Annotated[str, Meta(max_length=40, description="ISO 8601 with a time zone, like 2026-12-01T09:00:00Z.")]
Page = Annotated[int, Meta(ge=1, le=200, description="The most items to return.")]
CommandId = Annotated[
    str, Meta(min_length=1, max_length=64, description="Identifies the command; echoed in its answer.")
]
Emoji = Annotated[str, Meta(min_length=1, max_length=32)]
Content = Annotated[str, Meta(max_length=16 * 1024, description="Markdown text, at most 16 KiB of UTF-8.")]
RoomName = Annotated[str, Meta(max_length=80)]
Topic = Annotated[str, Meta(max_length=250)]
FileName = Annotated[str, Meta(max_length=2000, description="The file's name; the server cleans it.")]
FileSize = Annotated[int, Meta(ge=0, le=2**53 - 1, description="Bytes.")]
ContentType = Annotated[str, Meta(max_length=255, description="What the client takes the file for, like image/png.")]
AltText = Annotated[str, Meta(max_length=1000)]
NameBeginning = Annotated[str, Meta(max_length=100)]
UserIds = Annotated[list[Id], Meta(max_length=100)]
ExternalId = Annotated[str, Meta(min_length=1, max_length=64, description="The site's own id of a person.")]
EXTERNAL: Final = "external:"
PersonId = (
    Id
    | Annotated[
        str,
        Meta(
            pattern=f"^{EXTERNAL}",
            min_length=len(EXTERNAL) + 1,
            max_length=len(EXTERNAL) + 64,
            description="A person by the site's own id, like external:1780.",
        ),
    ]
)
ExternalIds = Annotated[list[ExternalId], Meta(max_length=100)]
Keywords = Annotated[list[Annotated[str, Meta(max_length=50)]], Meta(max_length=20)]
Device = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9_-]+$",
        min_length=8,
        max_length=64,
        description="Identifies a browser or an installed app; made by it, and kept.",
    ),
]
Instance = Annotated[str, Meta(min_length=1, max_length=64, description="Identifies one tab or process of a client.")]

SEARCH_WEIGHT: Final = 5
"""A search may take 50 ms of a reading thread: at six a second one person uses less than a third of one."""

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


@dataclass(frozen=True, slots=True)
class Change:
    """What a command changes in a room's log. Such commands have a rate of their own; see `transports.rates`."""

    what: str | None = None
    """The kind of thing that can be changed over and over, with a lower rate per thing. None: nothing is changed twice."""
    of: tuple[str, ...] = ()
    """The fields whose values identify the thing."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """One command."""

    word: str
    struct: type[msgspec.Struct]
    method: Method | None
    """None for a command that exists on the WebSocket only."""
    path: str
    result: type[msgspec.Struct]
    status: int
    """HTTP status of the usual success."""
    change: Change | None
    """None for queries, for commands without an event, and for messages, which have a rate of their own."""
    is_message: bool
    """Sends a message, now or later: it counts at the rate of messages."""
    weight: int
    """How many commands it counts as at the rate of commands."""
    refuses: tuple[int, ...]
    """HTTP statuses of its own refusals: besides those of every request, 404 for an id in the path, and 410 for that of a message."""

    @property
    def path_fields(self) -> tuple[str, ...]:
        return tuple(part[1:-1] for part in self.path.split("/") if part.startswith("{"))

    @property
    def has_id_of_its_own(self) -> bool:
        """`id` is that of what it makes, over HTTP as well; that of the other commands only identifies the answer."""
        return "id" in self.struct.__annotations__

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
    rest: str | None,
    result: type[msgspec.Struct],
    status: int = 200,
    *,
    change: Change | None = None,
    is_message: bool = False,
    weight: int = 1,
    refuses: tuple[int, ...] = (),
) -> Callable[[C], C]:
    """Register a command struct in `COMMANDS`. `rest`: `"METHOD /path/{field}"`."""

    def enter(struct: C) -> C:
        word = struct.__struct_config__.tag
        assert isinstance(word, str)
        method, path = rest.split(" ") if rest else (None, "")
        COMMANDS[word] = Declaration(
            word,
            struct,
            cast("Method | None", method),
            path,
            result,
            status,
            change,
            is_message,
            weight,
            refuses,
        )
        return struct

    return enter


@_declare("GET /api/me", Me)
class GetMe(Command, kw_only=True, tag="get_me"):
    """Return the calling user."""


@_declare("GET /api/rooms", RoomList)
class GetRoomList(Command, kw_only=True, tag="get_room_list"):
    """List the caller's rooms with unread counts and last messages."""


@_declare("GET /api/rooms/{room_id}", RoomResult)
class GetRoom(Command, kw_only=True, tag="get_room"):
    """Show one of the caller's rooms."""

    room_id: Id


@_declare("POST /api/rooms/{room_id}/messages", SendResult, 201, is_message=True, refuses=(409, 410))
class SendMessage(Command, kw_only=True, tag="send_message"):
    """Send a message. Repeating the id, at any time and on either transport, returns the first outcome.

    `id` is the message's id, a UUID (v7 preferred) made by the sender. Without it the server makes one, and a retry sends a
    second message. `reply_to` is the id of a message in the same room. `thread` is the id of a message in the same group or channel
    that the thread begins with; `in_room` shows the reply in the room as well. `attachments` are the ids of
    the sender's own uploads of this room that are ready; with one, the content may be blank. `draft_rev`: the version of the sender's
    draft that it was written in, which is cleared with it; a later version stays, unless it says the same.
    """

    id: UUID | None = None  # type: ignore[assignment]
    room_id: Id
    content: Content
    reply_to: UUID | None = None
    attachments: Annotated[list[UUID], Meta(max_length=10)] = []
    thread: UUID | None = None
    in_room: bool = False
    draft_rev: Rev | None = None


@_declare("PUT /api/rooms/{room_id}/draft", DraftResult, refuses=(409,))
class SaveDraft(Command, kw_only=True, tag="save_draft"):
    """Keep what the caller has written and not sent, for all their devices. Without content, reply and attachments it is cleared.

    `base_rev`: the version that it was written from, 0 where the device knows of none. 409 `draft_conflict`, with the stored version in
    `draft`, if that is another one. `save_id` is a UUID made by the client: a retry of the save that wrote the stored version succeeds.
    """

    room_id: Id
    thread: UUID | None = None
    content: Content
    attachments: Annotated[list[UUID], Meta(max_length=10)] = []
    reply_to: UUID | None = None
    base_rev: Rev
    save_id: UUID | None = None


@_declare("GET /api/drafts", Drafts)
class GetDrafts(Command, kw_only=True, tag="get_drafts"):
    """List the caller's drafts in the rooms that they are in."""


@_declare("PUT /api/scheduled/{id}", ScheduledResult, is_message=True, refuses=(409, 410))
class ScheduleMessage(Command, kw_only=True, tag="schedule_message"):
    """Send a message later, or change one that waits. Repeating it changes nothing.

    `id` is the later message's id, and the fields are those of `send_message`. `at` is at most a year ahead; a time that has just passed
    sends it at once, as any time that has passed does for one that waits. `base_rev`: 409 `schedule_conflict` if it was changed since; 0 for a new one. 409 `already_sent`, 410
    `schedule_cancelled`. Who may send is looked at when it is due.
    """

    id: UUID  # type: ignore[assignment]
    at: Time
    room_id: Id
    content: Content
    reply_to: UUID | None = None
    attachments: Annotated[list[UUID], Meta(max_length=10)] = []
    thread: UUID | None = None
    in_room: bool = False
    draft_rev: Rev | None = None
    base_rev: Rev | None = None


@_declare("GET /api/scheduled", ScheduledList)
class GetScheduled(Command, kw_only=True, tag="get_scheduled"):
    """List the caller's messages that wait for their time, and those that could not be sent."""


@_declare("DELETE /api/scheduled/{id}", ScheduledResult, refuses=(409,))
class CancelScheduled(Command, kw_only=True, tag="cancel_scheduled"):
    """Cancel a message that waits. Repeating it changes nothing. 409 `already_sent` if it was sent before."""

    id: UUID  # type: ignore[assignment]


@_declare("POST /api/uploads", UploadResult, 201, refuses=(404,))
class CreateUpload(Command, kw_only=True, tag="create_upload"):
    """Announce a file for a room, before its bytes. Repeating it returns the upload as it is.

    `id` is the upload's id, a UUID made by the sender. `alt` may change with each repetition, until a message has the file.
    """

    id: UUID  # type: ignore[assignment]
    room_id: Id
    name: FileName
    size: FileSize
    content_type: ContentType = "application/octet-stream"
    alt: AltText | None = None


@_declare("GET /api/uploads/{upload_id}", UploadResult)
class GetUpload(Command, kw_only=True, tag="get_upload"):
    """Show one of the caller's own uploads."""

    upload_id: UUID


@_declare("DELETE /api/uploads/{upload_id}", Empty, refuses=(409,))
class DeleteUpload(Command, kw_only=True, tag="delete_upload"):
    """Discard an upload that no message has. 409 `upload_claimed` if one has it: delete the message."""

    upload_id: UUID


@_declare("PATCH /api/messages/{message_id}", MessageResult, change=Change("edits", of=("message_id",)), refuses=(409,))
class EditMessage(Command, kw_only=True, tag="edit_message"):
    """Replace the text of one's own message. 409 `edit_conflict` if `base_seq` is not the message's last change."""

    message_id: UUID
    content: Content
    base_seq: Seq | None = None


@_declare("DELETE /api/messages/{message_id}", MessageResult, change=Change())
class DeleteMessage(Command, kw_only=True, tag="delete_message"):
    """Erase a message's body for good. A tombstone keeps its position in the room."""

    message_id: UUID


@_declare(
    "PUT /api/messages/{message_id}/reactions/{emoji}", MessageResult, change=Change("reactions", of=("message_id",))
)
class AddReaction(Command, kw_only=True, tag="add_reaction"):
    """React to a message. Repeating it changes nothing."""

    message_id: UUID
    emoji: Emoji


@_declare(
    "DELETE /api/messages/{message_id}/reactions/{emoji}", MessageResult, change=Change("reactions", of=("message_id",))
)
class RemoveReaction(Command, kw_only=True, tag="remove_reaction"):
    """Take back one's reaction. Repeating it changes nothing."""

    message_id: UUID
    emoji: Emoji


@_declare("PUT /api/messages/{message_id}/pin", MessageResult, change=Change("pin", of=("message_id",)))
class PinMessage(Command, kw_only=True, tag="pin_message"):
    """Pin a message in its room. Repeating it changes nothing. A room holds at most 50 pins."""

    message_id: UUID


@_declare("DELETE /api/messages/{message_id}/pin", MessageResult, change=Change("pin", of=("message_id",)))
class UnpinMessage(Command, kw_only=True, tag="unpin_message"):
    """Unpin a message, also one that another member pinned. Repeating it changes nothing."""

    message_id: UUID


@_declare("GET /api/rooms/{room_id}/pins", Pins)
class GetPins(Command, kw_only=True, tag="get_pins"):
    """List a room's pinned messages, the newest pin first."""

    room_id: Id


@_declare("GET /api/messages/{message_id}/details", MessageDetails)
class GetMessageDetails(Command, kw_only=True, tag="get_message_details"):
    """Show when and how a message came in, when it was edited, and who has seen it, where the room shows that."""

    message_id: UUID


@_declare("GET /api/rooms/{room_id}/messages", History)
class GetHistory(Command, kw_only=True, tag="get_history"):
    """Read a page of messages, ascending by seq: the newest, or those before, after or around a seq or a moment.

    `at`: as `around` the first message written then or later; around the end of the room if there is none.
    """

    room_id: Id
    before: Seq | None = None
    after: Seq | None = None
    around: Seq | None = None
    at: Time | None = None
    limit: Page = 50


@_declare("GET /api/search", SearchResult, weight=SEARCH_WEIGHT, refuses=(404,))
class Search(Command, kw_only=True, tag="search"):
    """Find messages by their words, in the caller's rooms and up to where they left in former ones.

    `order`: `newest` by time, or `best`, which ranks the newest 2,000 hits. `before` continues the same search.
    """

    query: Annotated[str, Meta(max_length=1000, description="Words, phrases in quotation marks, and filters.")]
    room_id: Id | None = None
    order: Literal["newest", "best"] = "newest"
    before: Annotated[str, Meta(max_length=200)] | None = None
    limit: Page = 20


@_declare("GET /api/rooms/{room_id}/events", Events)
class GetEvents(Command, kw_only=True, tag="get_events"):
    """Read the room's log after a cursor. Clients repair gaps with it."""

    room_id: Id
    after: Seq
    limit: Page = 200


@_declare("PUT /api/rooms/{room_id}/read", ReadState)
class MarkRead(Command, kw_only=True, tag="mark_read"):
    """Mark everything up to `seq` as read. The mark never goes back and never passes the room's head.

    `threads`: in all threads of the room as well.
    """

    room_id: Id
    seq: Seq
    threads: bool = False


@_declare("PUT /api/rooms/{room_id}/unread", ReadState)
class MarkUnread(Command, kw_only=True, tag="mark_unread"):
    """Mark everything from `seq` on as unread for the caller, until it is read again. `read_seq` stays. Changes nothing for others.

    `thread`: the first message of a thread, which is marked instead of the room, and followed from now on.
    """

    room_id: Id
    seq: Seq
    thread: UUID | None = None


@_declare("GET /api/messages/{message_id}/thread", ThreadPage)
class GetThread(Command, kw_only=True, tag="get_thread"):
    """Read a thread: its first message, and a page of replies as `get_history` pages a room."""

    message_id: UUID
    before: Seq | None = None
    after: Seq | None = None
    around: Seq | None = None
    limit: Page = 50


@_declare("GET /api/threads", Threads, refuses=(404,))
class GetThreads(Command, kw_only=True, tag="get_threads"):
    """List the threads that the caller follows, the one with the newest reply first. `unread`: only those with unread replies."""

    unread: bool = False
    room_id: Id | None = None
    before: Annotated[str, Meta(max_length=100, description="From the previous page.")] | None = None
    limit: Page = 50


@_declare("PUT /api/messages/{message_id}/follow", ThreadResult)
class FollowThread(Command, kw_only=True, tag="follow_thread"):
    """Follow the thread that begins with a message: replies from now on count as unread until they are read."""

    message_id: UUID


@_declare("DELETE /api/messages/{message_id}/follow", ThreadResult)
class UnfollowThread(Command, kw_only=True, tag="unfollow_thread"):
    """Follow a thread no more, also not by a later reply or mention. Repeating it changes nothing."""

    message_id: UUID


@_declare("PUT /api/messages/{message_id}/thread/read", ThreadReadState)
class MarkThreadRead(Command, kw_only=True, tag="mark_thread_read"):
    """Mark a thread's replies up to `seq` as read. The mark never goes back and never passes the room's head."""

    message_id: UUID
    seq: Seq


@_declare("PUT /api/rooms/{room_id}/notifications", RoomNotificationsResult)
class SetNotifications(Command, kw_only=True, tag="set_notifications"):
    """Choose what to be notified of in a room. Replaces what was chosen before; without `level` nothing is chosen.

    `mute_until`: until then of nothing. Without it the room is not muted.
    """

    room_id: Id
    level: NotificationLevel | None = None
    mute_until: Time | None = None


@_declare("GET /api/me/notifications", MyNotificationsResult)
class GetMyNotifications(Command, kw_only=True, tag="get_my_notifications"):
    """Show what the caller wants to be notified of in all rooms."""


@_declare("PUT /api/me/notifications", MyNotificationsResult)
class SetMyNotifications(Command, kw_only=True, tag="set_my_notifications"):
    """Choose what to be notified of in all rooms. What is left out stays as it is.

    Quiet hours without days end them; so does a `dnd_until` that is over.
    """

    keywords: Keywords | None = None
    quiet_hours: QuietHours | None = None
    dnd_until: Time | None = None
    push_content: PushContent | None = None


@_declare("GET /api/push/key", PushKeyResult)
class GetPushKey(Command, kw_only=True, tag="get_push_key"):
    """Show the key by which browsers subscribe to this server's push messages."""


@_declare("PUT /api/push/{device}", PushResult)
class SubscribePush(Command, kw_only=True, tag="subscribe_push"):
    """Send the caller's notifications to this browser. Repeating it replaces what is known of the device. At most 20 devices.

    `endpoint` and `keys`: of the browser's subscription. `page`: the address that notifications open, up to `rooms/…`.
    """

    device: Device
    endpoint: Annotated[str, Meta(max_length=1000)]
    keys: PushKeys
    page: Annotated[str, Meta(max_length=300)]


@_declare("POST /api/push/{device}/test", PushTestResult)
class TestPush(Command, kw_only=True, tag="test_push"):
    """Send a test message to this browser of the caller. At most one in 5 s. The result says what became of it."""

    device: Device


@_declare("DELETE /api/push/{device}", Empty)
class UnsubscribePush(Command, kw_only=True, tag="unsubscribe_push"):
    """Send nothing to this browser any more. Repeating it changes nothing."""

    device: Device


@_declare("POST /api/rooms/{room_id}/typing", Empty)
class Typing(Command, kw_only=True, tag="typing"):
    """Tell the room whether the caller is typing. At most one frame in 3 s is passed on."""

    room_id: Id
    active: bool


@_declare("PUT /api/presence", Empty)
class SetPresence(Command, kw_only=True, tag="set_presence"):
    """Report whether a person is at this device. Over REST, `instance` identifies the device; a WebSocket knows its own."""

    state: Literal["online", "away"]
    instance: Instance | None = None


@_declare("POST /api/rooms", RoomResult, 201, refuses=(404,))
class CreateRoom(Command, kw_only=True, tag="create_room"):
    """Create a room: `direct` (one per pair, for ever: 200 if it exists), `group` (by invitation) or `channel` (open to all).

    `members_external` names people by the site's own ids, in addition to `members`.
    """

    kind: Literal["direct", "group", "channel"]
    name: RoomName | None = None
    topic: Topic = ""
    members: UserIds = []
    members_external: ExternalIds = []


@_declare("PATCH /api/rooms/{room_id}", RoomResult, change=Change("room", of=("room_id",)))
class UpdateRoom(Command, kw_only=True, tag="update_room"):
    """Change a group's or channel's name or topic; its owner and admins also whether message details show who has seen a message."""

    room_id: Id
    name: RoomName | None = None
    topic: Topic | None = None
    shows_seen: bool | None = None


@_declare("PUT /api/rooms/{room_id}/membership", RoomResult, change=Change("membership", of=("room_id",)))
class JoinRoom(Command, kw_only=True, tag="join_room"):
    """Join a channel. Repeating it changes nothing."""

    room_id: Id


@_declare("DELETE /api/rooms/{room_id}/membership", RoomResult, change=Change("membership", of=("room_id",)))
class LeaveRoom(Command, kw_only=True, tag="leave_room"):
    """Leave a group or channel. The answer shows the room as of leaving."""

    room_id: Id


@_declare("POST /api/rooms/{room_id}/members", RoomResult, change=Change())
class AddMembers(Command, kw_only=True, tag="add_members"):
    """Add people to a group or channel that the caller is in. Those already in it stay.

    `members_external` names people by the site's own ids, in addition to `user_ids`. At least one person must be named.
    """

    room_id: Id
    user_ids: Annotated[list[Id], Meta(min_length=1, max_length=100)] = []
    members_external: ExternalIds = []


@_declare(
    "DELETE /api/rooms/{room_id}/members/{user_id}",
    RoomResult,
    change=Change("removal", of=("room_id", "user_id")),
)
class RemoveMember(Command, kw_only=True, tag="remove_member"):
    """Remove a person from a group or channel. They receive nothing of it from then on.

    `user_id` may name them by the site's own id: `external:1780`.
    """

    room_id: Id
    user_id: PersonId


@_declare("GET /api/rooms/{room_id}/members", Members)
class GetMembers(Command, kw_only=True, tag="get_members"):
    """List a room's members, ascending by id."""

    room_id: Id
    after: Annotated[int, Meta(ge=0, le=2**53 - 1, description="List members with ids above this one.")] = 0
    limit: Page = 100


@_declare("GET /api/people", People)
class GetPeople(Command, kw_only=True, tag="get_people"):
    """Find people by the beginning of a name, or the one person with this `external_id`."""

    query: NameBeginning = ""
    external_id: ExternalId | None = None
    limit: Page = 50


@_declare("GET /api/channels", Channels)
class GetChannels(Command, kw_only=True, tag="get_channels"):
    """List the channels that are open to everybody, the largest first."""

    query: NameBeginning = ""
    limit: Page = 50


@_declare(None, Empty)
class Ping(Command, kw_only=True, tag="ping"):
    """Check that the connection is alive. Answered by the frame `pong`."""


def declaration_of(command: msgspec.Struct) -> Declaration:
    return _BY_STRUCT[type(command)]


_BY_STRUCT: Final = {declaration.struct: declaration for declaration in COMMANDS.values()}
