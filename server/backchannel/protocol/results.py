"""The result of a successful command: the `result` of an `ack`, the body of a 2xx answer."""

from typing import Literal

import msgspec

from backchannel.protocol.events import AnyRoomEvent
from backchannel.protocol.shapes import (
    ChannelSummary,
    Draft,
    Member,
    Message,
    MyNotifications,
    Push,
    Room,
    RoomNotifications,
    Scheduled,
    Upload,
    User,
    Via,
)


class Empty(msgspec.Struct):
    """`{}`: the command succeeded and has no result."""


class Me(msgspec.Struct):
    user: User


class RoomList(msgspec.Struct):
    """Every room the user is in. On the WebSocket it is the frame `room_list`."""

    rooms: list[Room]
    timestamp: str
    user_version: int
    epoch: str


class SendResult(msgspec.Struct):
    """`duplicate`: the id was already stored by an earlier try, whose message this is."""

    message: Message
    duplicate: bool


class MessageResult(msgspec.Struct):
    message: Message


class RoomResult(msgspec.Struct):
    room: Room


class UploadResult(msgspec.Struct):
    upload: Upload


class UploadOffset(msgspec.Struct):
    """The answer to bytes of an upload: how many of them are stored, from the first on."""

    offset: int


class History(msgspec.Struct):
    """`messages` ascending by seq, as of event `as_of_seq`. `has_more`: in the requested direction."""

    messages: list[Message]
    as_of_seq: int
    has_more: bool


class Pins(msgspec.Struct):
    """`messages`: all that are pinned in the room, the newest pin first."""

    messages: list[Message]


class Hit(msgspec.Struct):
    """`ranges`: where in `content` the words of the query stand, from the first (inclusive) to the second, in UTF-16 units. Ascending,
    and no two touch."""

    message: Message
    ranges: list[tuple[int, int]]


class SearchResult(msgspec.Struct):
    """`before`: continues the search; null where `has_more` is false. `partial`: the time was over before everything was searched; go on
    with `before` where there is one. `behind`: events of the searched rooms that are not indexed yet; they are searched all the same."""

    hits: list[Hit]
    has_more: bool
    before: str | None
    partial: bool
    behind: int


class Events(msgspec.Struct):
    """`events` ascending by seq without a gap. `seq`: the room's head; there are more events if the last one is below it."""

    events: list[AnyRoomEvent]
    seq: int


class ReadState(msgspec.Struct):
    """`seq`: the room's head as of these counts. Events above it are not counted yet. `unread_from`: as in a room."""

    seq: int
    read_seq: int
    unread_count: int
    mention_count: int
    thread_unread_count: int = 0
    thread_mention_count: int = 0
    unread_from: int | None = None


class Thread(msgspec.Struct):
    """A thread as one user sees it. `root`: its first message. Replies by others above `read_seq` are unread, if the user follows it.
    The counts are capped at 100. `unread_from`: as in a room."""

    root: Message
    following: bool
    read_seq: int
    unread_count: int
    mention_count: int
    unread_from: int | None = None


class ThreadResult(msgspec.Struct):
    thread: Thread


class ThreadPage(msgspec.Struct):
    """`messages`: replies ascending by seq, as of event `as_of_seq`; otherwise as `Thread`. `has_more`: in the requested direction. `root`
    is null for a former member if it was changed since they left; they follow nothing."""

    root: Message | None
    messages: list[Message]
    as_of_seq: int
    has_more: bool
    following: bool
    read_seq: int
    unread_count: int
    mention_count: int
    unread_from: int | None = None


class Threads(msgspec.Struct):
    """The threads that the user follows, the one with the newest reply first. `before`: for the next page; null on the last one."""

    threads: list[Thread]
    has_more: bool
    before: str | None


class ThreadReadState(msgspec.Struct):
    """`seq`: the room's head as of these counts. Events above it are not counted yet."""

    seq: int
    read_seq: int
    unread_count: int
    mention_count: int


class SeenBy(msgspec.Struct, omit_defaults=True):
    """The members, other than the sender, who have read a message. `people`: left out in rooms of more than 100 members."""

    count: int
    people: list[User] | None = None


class MessageDetails(msgspec.Struct, omit_defaults=True):
    """`via`: what accepted it first: a transport, the site itself, or the schedule; left out for messages from before this was kept.
    `edits`: times, ascending, the last 100. `seen_by`: left out where the room does not show it, and for who left the room."""

    accepted_at: str
    seq: int
    edits: list[str]
    via: Via | None = None
    seen_by: SeenBy | None = None


class DraftResult(msgspec.Struct):
    draft: Draft


class Drafts(msgspec.Struct):
    """Those of the rooms that the user is in, also the empty versions of the last 30 days, ascending by `rev`."""

    drafts: list[Draft]


class ScheduledResult(msgspec.Struct):
    scheduled: Scheduled


class ScheduledList(msgspec.Struct):
    """What waits and what could not be sent, ascending by time."""

    scheduled: list[Scheduled]


class RoomNotificationsResult(msgspec.Struct):
    notifications: RoomNotifications


class MyNotificationsResult(msgspec.Struct):
    notifications: MyNotifications


class PushResult(msgspec.Struct):
    push: Push


class PushKeyResult(msgspec.Struct):
    """`key`: what a page subscribes with (`applicationServerKey`), in base64url; null where this server sends no push messages."""

    key: str | None


PushTestOutcome = Literal["sent", "gone", "later", "refused"]


class PushTestResult(msgspec.Struct):
    """`sent`: the push service took it. `gone`: the browser is not subscribed, or its subscription has ended. `later`: the service gave no
    answer, or takes none now. `refused`: it takes none of this server; the log says why."""

    outcome: PushTestOutcome


class Members(msgspec.Struct):
    """Ascending by user id. `has_more`: continue with `after` = the last id."""

    members: list[Member]
    has_more: bool


class People(msgspec.Struct):
    people: list[User]


class Channels(msgspec.Struct):
    channels: list[ChannelSummary]
