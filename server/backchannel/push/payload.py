"""What a push message says: Declarative Web Push, which Safari shows by itself and the service worker elsewhere."""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

import msgspec

from backchannel.protocol.shapes import PushContent
from backchannel.push.browser_keys import to_base64url

BODY_CHARACTERS: Final = 140
LARGEST: Final = 3993
"""Bytes of a text that fits into a push message: a body of 4,096 without header (86), tag (16) and delimiter (1)."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A notification, before it is cut to what the person wants to have on their screen."""

    message_id: str
    room_id: int
    seq: int
    sender: str
    room: str | None
    """Its name; None for a direct room."""
    excerpt: str
    address: str
    """Of the message, absolute."""
    badge: int
    """Unread messages that are for this person in particular."""
    content: PushContent


def payload(shown: Shown) -> bytes:
    """JSON that fits into a push message."""
    title, body = _words(shown)
    while True:
        text = msgspec.json.encode(_declarative(shown, title, body))
        if len(text) <= LARGEST:
            return text
        title, body = title[: len(title) // 2], body[: len(body) // 2]


def test_payload(page: str) -> bytes:
    """Of a message that a person sends to their own browser. It opens `page`, and leaves the badge as it is."""
    notification = {
        "title": "Notifications work",
        "body": "This is the test that you asked for.",
        "dir": "auto",
        "navigate": page,
        "tag": "test",
        "data": {"message_id": ""},
    }
    return msgspec.json.encode({"web_push": 8030, "notification": notification})


def _words(shown: Shown) -> tuple[str, str]:
    if shown.content == "none":
        return "New message", ""
    title = shown.sender if shown.room is None else f"{shown.sender} in {shown.room}"
    return title, shown.excerpt[:BODY_CHARACTERS] if shown.content == "full" else ""


def _declarative(shown: Shown, title: str, body: str) -> dict[str, Any]:
    """`app_badge` in both places: WebKit reads the upper one, its earlier versions the other."""
    return {
        "web_push": 8030,
        "app_badge": shown.badge,
        "notification": {
            "title": title,
            "body": body,
            "dir": "auto",
            "navigate": shown.address,
            "tag": tag_of(shown.room_id),
            "app_badge": str(shown.badge),
            # By which the service worker knows what it has shown already.
            "data": {"message_id": shown.message_id, "room_id": shown.room_id, "seq": shown.seq},
        },
    }


def tag_of(room_id: int) -> str:
    """One notification for each room on the screen: the newest. The tag of the notifications that an open page shows, too."""
    return f"room {room_id}"


def topic_of(namespace: str, room_id: int) -> str:
    """Under which a push service keeps one message for a device that is offline: the newest of the room. A hash, since the service sees it;
    32 characters of base64url at most (RFC 8030, section 5.4)."""
    return to_base64url(blake2b(str(room_id).encode(), digest_size=18, key=namespace.encode()).digest())
