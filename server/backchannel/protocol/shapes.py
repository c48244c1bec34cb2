"""The objects on the wire: users, messages, rooms. SPEC.md, "Shapes".

All times are ISO strings (times.to_wire); room and user ids are integers, message ids are UUIDs.

Longer than 300 lines: it is one list of declarations, which refer to each other.
"""

from typing import Annotated, Literal
from uuid import UUID

import msgspec

RoomKind = Literal["direct", "group", "channel"]
Role = Literal["owner", "admin", "member"]
PresenceState = Literal["online", "away", "offline"]
PersonKind = Literal["person", "bot", "system"]
UploadStateName = Literal["receiving", "checking", "ready", "rejected"]
Via = Literal["websocket", "http", "site", "schedule"]
ScheduledState = Literal["waiting", "sent", "cancelled", "failed"]
NotificationLevel = Literal["all", "mentions", "none"]
PushContent = Literal["full", "sender", "none"]
Clock = Annotated[
    str,
    # The length, as in Python `$` matches before a line's end too, and `\d` the digits of all scripts.
    msgspec.Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", max_length=5, description="A time of day, like 22:00."),
]


class User(msgspec.Struct, frozen=True, omit_defaults=True):
    """A person in the chat. `external_id` and `avatar_url` are left out where there is none; without `kind` it is a person.

    `external_id`: the site's own id of this person, as text. `avatar_url`: a picture, as an absolute https or http URL or a path of
    this site.
    """

    id: int
    username: str
    display_name: str
    external_id: str = ""
    avatar_url: str = ""
    kind: PersonKind | None = None


class Member(msgspec.Struct, frozen=True, omit_defaults=True):
    """One row of `get_members`: a user, and their role."""

    id: int
    username: str
    display_name: str
    role: Role
    external_id: str = ""
    avatar_url: str = ""
    kind: PersonKind | None = None


class Quote(msgspec.Struct):
    """What a reply shows of the message it answers. `excerpt`: at most 140 characters; empty if that message is deleted.
    The names of its files if it has no text."""

    id: UUID
    seq: int
    sender: User
    excerpt: str


class Reaction(msgspec.Struct):
    emoji: str
    count: int
    user_ids: list[int]


class Attachment(msgspec.Struct, omit_defaults=True):
    """A file of a message. `id` is that of its upload. `url`, `thumb_url` and `view_url` are below the address of the chat, and answer
    to those who may read the message.

    A picture has `width` and `height` in pixels, as it is shown, and `thumbhash`, a placeholder of about 25 bytes in base64. `alt`: what
    its sender says is to be seen on it; left out if they said nothing.
    """

    id: UUID
    name: str
    size: int
    content_type: str
    url: str
    width: int | None = None
    height: int | None = None
    thumbhash: str | None = None
    alt: str | None = None
    thumb_url: str | None = None
    view_url: str | None = None


class Upload(msgspec.Struct, omit_defaults=True):
    """A file on its way into a message, as its sender sees it. `offset`: the bytes that are stored, from the first on without a gap.

    `checking`: all bytes are there, and the server looks at them. `rejected`: they are gone, and `code` says why. `claimed`: a message
    has it. Once it is `ready`, `name`, `size` and `content_type` are those of the file that is served.
    """

    id: UUID
    room_id: int
    name: str
    size: int
    content_type: str
    offset: int
    state: UploadStateName
    claimed: bool
    code: str | None = None
    alt: str | None = None


class Draft(msgspec.Struct):
    """What a user has written in a room, or in the thread of `thread`, and not sent: the same on all their devices.

    `rev`: grows with each version, and is never used again in this place. A draft that was sent or cleared is an empty version, so that
    no device brings it back. `save_id`: that of the save which wrote the last text here, also after it was cleared; null where it had none.
    """

    room_id: int
    thread: UUID | None
    content: str
    reply_to: Quote | None
    attachments: list[Upload]
    rev: int
    save_id: UUID | None
    saved_at: str


class Scheduled(msgspec.Struct, omit_defaults=True):
    """A message that is sent at `at`. `id` is the message's id. `rev` grows with each change. After `sent` or `cancelled` nothing
    follows. `failed`: it was refused when it was due, and waits to be changed or cancelled; `code` and `detail` are those of the error.
    """

    id: UUID
    room_id: int
    at: str
    content: str
    state: ScheduledState
    rev: int
    reply_to: UUID | None = None
    thread: UUID | None = None
    in_room: bool = False
    attachments: list[UUID] = []
    code: str | None = None
    detail: str | None = None


class ThreadSummary(msgspec.Struct):
    """What the first message of a thread shows of its replies.

    `count`: replies that are not deleted. `people`: ids of up to 5 who replied, the latest first. `last_at`: time of the newest reply.
    A deletion lowers `count` alone. `rev`: the event that changed this last, the coming or going of a reply.
    """

    count: int
    people: list[int]
    last_at: str
    rev: int


class Message(msgspec.Struct):
    """`seq`: its position in the room. `rev_seq`: the event that changed it last; equal to `seq` if none did.

    A deleted message is a tombstone: content empty, reactions, attachments and pin gone, id and seq kept.
    `thread`: the message that this one replies to in a thread; null outside of threads. `in_room`: such a reply is shown in the room as
    well. `thread_summary`: null for a message without replies. A reply does not change the `rev_seq` of the thread's first message.
    """

    id: UUID
    room_id: int
    seq: int
    rev_seq: int
    sender: User
    content: str
    reply_to: Quote | None
    created_at: str
    edited_at: str | None
    deleted: bool
    reactions: list[Reaction]
    attachments: list[Attachment]
    mentions: list[int]
    pinned: bool = False
    thread: UUID | None = None
    in_room: bool = False
    thread_summary: ThreadSummary | None = None


def without_marks(message: Message) -> Message:
    """A copy without reactions and pin. Deleting removes them, and people who left a room do not see them change."""
    return msgspec.structs.replace(message, reactions=[], pinned=False)


class LastMessage(msgspec.Struct):
    """The newest message of a room, shortened to 140 characters; the names of its files if it has no text. A deleted one stays, with
    empty content."""

    id: UUID
    sender: User
    content: str
    timestamp: str


class Room(msgspec.Struct, omit_defaults=True):
    """A room as one user sees it.

    `seq`: the room's head when this was read, and so the cursor to start from. `unread_count` and `mention_count` are as of
    that seq, capped at 100; replies in threads count only if they are shown in the room. `thread_unread_count` and
    `thread_mention_count`: the sums over the threads that the user follows, likewise; left out where they are 0.
    `unread_from`: messages from this seq on are unread although `read_seq` is not below it, because the user marked them so; left out
    where there is none. `members`: everyone, in rooms of up to 20 members; empty in larger ones. `name` is null in a direct room.
    `key`: what the site calls a room that it made, like "order:17"; left out where there is none. `shows_seen`: the details of its messages
    show who has seen them; left out where they do not. `level`: what the user chose to be notified of; left out where they chose nothing:
    then it is `all` in a direct room and `mentions` elsewhere. `muted_until`: until then of nothing; left out where it was never muted.
    """

    id: int
    kind: RoomKind
    name: str | None
    topic: str
    seq: int
    read_seq: int
    unread_count: int
    mention_count: int
    member_count: int
    members: list[User]
    role: Role
    last_message: LastMessage | None
    key: str | None = None
    thread_unread_count: int = 0
    thread_mention_count: int = 0
    shows_seen: bool = False
    unread_from: int | None = None
    level: NotificationLevel | None = None
    muted_until: str | None = None


class QuietHours(msgspec.Struct, forbid_unknown_fields=True):
    """Hours of the day in which a person is not disturbed. `days`: on which they begin, 1 for Monday to 7 for Sunday; none: never quiet.
    They end on the next day where `end` is not after `start`. `zone`: of the person's clock, like Europe/Berlin."""

    zone: Annotated[str, msgspec.Meta(max_length=64)]
    days: Annotated[list[Annotated[int, msgspec.Meta(ge=1, le=7)]], msgspec.Meta(max_length=7)]
    start: Clock
    end: Clock


class RoomNotifications(msgspec.Struct):
    """What a user wants to be notified of in a room. `level`: null where they chose nothing. `muted_until`: until then of nothing."""

    room_id: int
    level: NotificationLevel | None
    muted_until: str | None


class MyNotifications(msgspec.Struct):
    """What holds for a user in all rooms.

    `keywords`: words that notify like a mention. `quiet_hours`, `dnd_until`: when they are not disturbed; null for never. `push_content`:
    what a lock screen shows: `full`, the `sender` alone, or `none`.
    """

    keywords: list[str]
    quiet_hours: QuietHours | None
    dnd_until: str | None
    push_content: PushContent


class PushKeys(msgspec.Struct, forbid_unknown_fields=True):
    """Of a browser's push subscription, in base64url: its public key and its authentication secret."""

    p256dh: Annotated[str, msgspec.Meta(max_length=100)]
    auth: Annotated[str, msgspec.Meta(max_length=30)]


class Push(msgspec.Struct):
    """A browser that gets push messages."""

    device: str


class ChannelSummary(msgspec.Struct):
    """One row of `get_channels`: what a person sees of a channel before joining it. `removed`: this person was removed and cannot
    join until an owner or admin adds them."""

    id: int
    name: str
    topic: str
    member_count: int
    joined: bool
    removed: bool = False


class Limits(msgspec.Struct, frozen=True):
    """Announced in `hello`. Rates are per user and second, sizes in bytes. `resume_rooms`: the most cursors that a `resume`
    should list; the sum of the others goes into its `others`. `upload_chunk`: of one `PUT`; `upload_size`: of a file; `upload_files`: files
    of a message; `upload_quota`: all files of a user together. An `upload_size` of 0: this server takes no files."""

    sends_per_second: float = 10
    send_burst: int = 60
    commands_per_second: float = 30
    changes_per_second: float = 1
    change_burst: int = 60
    rooms: int = 5000
    rooms_created_per_day: int = 200
    people_added_per_day: int = 2000
    connections: int = 20
    content_bytes: int = 16 * 1024
    frame_bytes: int = 64 * 1024
    page: int = 200
    catch_up_events: int = 500
    sync_wait_s: int = 25
    resume_rooms: int = 1000
    upload_chunk: int = 8 * 1024 * 1024
    upload_size: int = 100 * 1024 * 1024
    upload_files: int = 10
    upload_quota: int = 2 * 1024 * 1024 * 1024
