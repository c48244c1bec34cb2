"""Server → client facts. Three kinds, told apart by what numbers them:

room events       `room_id`, `seq`, `at`: one gapless log per room, committed before anybody hears of it
user frames       `user_version`: changes of one user's own list
ephemeral frames  no number: may be lost, never repeated
"""

from typing import Any, ClassVar, Literal
from uuid import UUID

import msgspec

from backchannel.protocol.shapes import Message, PresenceState, Room, User


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
    """`message` is the tombstone. Its `mentions` are kept so that mention counts can be followed."""

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
    """`by` added `user`; the same person where the user joined."""

    user: User
    by: User


class MemberLeft(RoomEvent, kw_only=True, tag="member_left"):
    """`by` removed `user`; the same person where the user left."""

    user: User
    by: User


class RoomFacts(msgspec.Struct):
    """What of a room is the same for everybody."""

    id: int
    kind: Literal["direct", "group", "channel"]
    name: str | None
    topic: str
    member_count: int


class RoomUpdated(RoomEvent, kw_only=True, tag="room_updated"):
    room: RoomFacts


class UserFrame(msgspec.Struct, kw_only=True, tag_field="type"):
    user_version: int


class RoomAdded(UserFrame, kw_only=True, tag="room_added"):
    """The room is on the user's list from now on; its events come from `room.seq` + 1. Also sent where the user's role changed."""

    room: Room


class RoomRemoved(UserFrame, kw_only=True, tag="room_removed"):
    room_id: int
    reason: Literal["left", "removed", "deleted"]


class ReadStateChanged(UserFrame, kw_only=True, tag="read_state"):
    """`seq`: the room's head that the counts include; events above it are still to be counted."""

    room_id: int
    seq: int
    read_seq: int
    unread_count: int
    mention_count: int


class Notification(UserFrame, kw_only=True, tag="notification", omit_defaults=True):
    """Somebody asked for the user's attention. `excerpt` is the beginning of the message, as quotes show it.

    For an invitation `message_id` is null and `excerpt` left out.
    """

    kind: Literal["mention", "reply", "invitation"]
    room_id: int
    message_id: UUID | None
    by: User
    excerpt: str | None = None


class TypingFrame(msgspec.Struct, kw_only=True, tag_field="type", tag="typing"):
    room_id: int
    user_id: int
    active: bool


class PresenceFrame(msgspec.Struct, kw_only=True, tag_field="type", tag="presence"):
    user_id: int
    state: PresenceState


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
AnyUserFrame = RoomAdded | RoomRemoved | ReadStateChanged | Notification
EphemeralFrame = TypingFrame | PresenceFrame
