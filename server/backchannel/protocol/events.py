"""What the server sends about changes. Three kinds, distinguished by how they are numbered:

room events       `room_id`, `seq`, `at`: one gapless log per room; committed before they are published
user frames       `user_version`: changes of one user's room list
ephemeral frames  no number: may be lost, and are never repeated
"""

from typing import Any, ClassVar, Literal
from uuid import UUID

import msgspec

from backchannel.protocol.shapes import Draft, Message, PresenceState, Room, Scheduled, Upload, User


class RoomEvent(msgspec.Struct, kw_only=True, tag_field="type"):
    SETS: ClassVar[dict[str, Any]] = {}
    """What it does to the message `message_id` is to set these members. Empty where it does something else, or nothing."""

    room_id: int
    seq: int
    at: str


class MessageCreated(RoomEvent, kw_only=True, tag="message_created"):
    message: Message


class MessageEdited(RoomEvent, kw_only=True, tag="message_edited"):
    message: Message


class MessageDeleted(RoomEvent, kw_only=True, tag="message_deleted"):
    """`message` is the tombstone. It keeps its `mentions`, so that clients can adjust mention counts."""

    message: Message


class ReactionAdded(RoomEvent, kw_only=True, tag="reaction_added"):
    message_id: UUID
    emoji: str
    user_id: int


class ReactionRemoved(RoomEvent, kw_only=True, tag="reaction_removed"):
    message_id: UUID
    emoji: str
    user_id: int


class MessagePinned(RoomEvent, kw_only=True, tag="message_pinned"):
    SETS = {"pinned": True}

    message_id: UUID
    by: User


class MessageUnpinned(RoomEvent, kw_only=True, tag="message_unpinned"):
    """Not sent for a deletion, which takes the pin away as well."""

    SETS = {"pinned": False}

    message_id: UUID
    by: User


class MemberJoined(RoomEvent, kw_only=True, tag="member_joined"):
    """`by` added `user`. Both are the same person if the user joined by themselves."""

    user: User
    by: User


class MemberLeft(RoomEvent, kw_only=True, tag="member_left"):
    """`by` removed `user`. Both are the same person if the user left by themselves."""

    user: User
    by: User


class RoomFacts(msgspec.Struct):
    """The part of a room that is the same for every member."""

    id: int
    kind: Literal["direct", "group", "channel"]
    name: str | None
    topic: str
    member_count: int
    shows_seen: bool = False


class RoomUpdated(RoomEvent, kw_only=True, tag="room_updated"):
    room: RoomFacts


class UserFrame(msgspec.Struct, kw_only=True, tag_field="type"):
    user_version: int


class RoomAdded(UserFrame, kw_only=True, tag="room_added"):
    """The room is now on the user's list; its events start at `room.seq` + 1. Also sent when the user's role changes."""

    room: Room


class RoomRemoved(UserFrame, kw_only=True, tag="room_removed"):
    room_id: int
    reason: Literal["left", "removed", "deleted"]


class ReadStateChanged(UserFrame, kw_only=True, tag="read_state"):
    """`seq`: the room's head as of these counts. Events above it are not counted yet. `unread_from`: as in a room."""

    room_id: int
    seq: int
    read_seq: int
    unread_count: int
    mention_count: int
    thread_unread_count: int = 0
    thread_mention_count: int = 0
    unread_from: int | None = None


class ThreadStateChanged(UserFrame, kw_only=True, tag="thread_state"):
    """The user follows the thread of `root` (a message id), or no more, has read on in it, or marked it as unread. `seq`: as in `read_state`, which follows
    with the room's counts."""

    room_id: int
    root: UUID
    seq: int
    following: bool
    read_seq: int
    unread_count: int
    mention_count: int
    unread_from: int | None = None


class Notification(UserFrame, kw_only=True, tag="notification", omit_defaults=True):
    """Something that needs the user's attention. `excerpt` is the beginning of the message, as in quotes.

    `seq` is the message's: its address is made of it. For an invitation, `message_id` is null; `seq` and `excerpt` are left out.
    """

    kind: Literal["mention", "reply", "invitation"]
    room_id: int
    message_id: UUID | None
    by: User
    seq: int | None = None
    excerpt: str | None = None


class PersonUpdated(UserFrame, kw_only=True, tag="person_updated"):
    """The name or picture of somebody who shares a small room with the user changed, or the user's own."""

    user: User


class UploadStateChanged(UserFrame, kw_only=True, tag="upload_state"):
    """The state of an upload of the user changed, by the server's own doing."""

    upload: Upload


class DraftChanged(UserFrame, kw_only=True, tag="draft"):
    """The user saved a draft on some device, cleared it, or sent it."""

    draft: Draft


class ScheduledChanged(UserFrame, kw_only=True, tag="scheduled"):
    """A scheduled message of the user was made, changed, cancelled or sent, or could not be sent."""

    scheduled: Scheduled


class TypingFrame(msgspec.Struct, kw_only=True, tag_field="type", tag="typing"):
    room_id: int
    user_id: int
    active: bool


class PresenceFrame(msgspec.Struct, kw_only=True, tag_field="type", tag="presence"):
    user_id: int
    state: PresenceState


class PleaseReport(msgspec.Struct, tag_field="type", tag="please_report"):
    """An operator asks this client for what it recorded of its connection: `POST /api/report` with `why: "asked"`."""


AnyRoomEvent = (
    MessageCreated
    | MessageEdited
    | MessageDeleted
    | ReactionAdded
    | ReactionRemoved
    | MessagePinned
    | MessageUnpinned
    | MemberJoined
    | MemberLeft
    | RoomUpdated
)
AnyUserFrame = (
    RoomAdded
    | RoomRemoved
    | ReadStateChanged
    | ThreadStateChanged
    | Notification
    | PersonUpdated
    | UploadStateChanged
    | DraftChanged
    | ScheduledChanged
)
EphemeralFrame = TypingFrame | PresenceFrame | PleaseReport
