"""Who may do what. Pure: each rule takes plain values, and either returns or raises the error that is sent to the client.

room            | whatever no column names | name, topic, add people | join          | leave | remove people, add them again, delete others' messages
direct          | its two                  | nobody                  | nobody        | no    | nobody
group           | members                  | members                 | by invitation | yes   | its owner and admins
channel         | members                  | members                 | everybody*    | yes   | its owner and admins

* Except those who were removed.
"""

import re
from collections.abc import Sequence
from typing import Final

from backchannel import text_rules
from backchannel.protocol.errors import Code, CommandError, invalid

CONTENT_BYTES: Final = 16 * 1024
DIFFERENT_REACTIONS: Final = 50
UNCLAIMED_UPLOADS: Final = 500
"""Most unclaimed uploads of one person."""
GROUP_MEMBERS_AT_CREATION: Final = 100

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_MANAGERS: Final = ("owner", "admin")


def check_content(content: str, at_most: int = CONTENT_BYTES, *, may_be_blank: bool = False) -> None:
    """Check that a message has something visible, fits into `at_most` bytes, and holds nothing that a database cannot store. Its text is
    stored as written; other control characters remain. `may_be_blank`: the message has files."""
    check_text(content=content)
    if not may_be_blank and text_rules.is_blank(content):
        raise invalid(content="Write something first: a message cannot be empty.")
    size = len(content.encode())
    if size > at_most:
        raise invalid(content=f"Too long by {size - at_most} bytes: a message holds {at_most} bytes of UTF-8.")


def check_upload(size: int, at_most: int) -> None:
    """`at_most`: bytes of a file; 0 where no files are taken."""
    if at_most == 0:
        raise CommandError(Code.FORBIDDEN, "This server takes no files.")
    if size > at_most:
        raise CommandError(
            Code.FILE_TOO_LARGE,
            f"The file has {size} bytes; this server takes files of {at_most} bytes at most. Send a smaller one.",
        )


def check_unclaimed(count: int) -> None:
    """`count`: uploads of a person that no message has. Bounds rows: a file may be empty."""
    if count >= UNCLAIMED_UPLOADS:
        raise CommandError(
            Code.QUOTA_EXCEEDED,
            f"You have {count} files that no message has. Send or delete some first; those of a week ago are deleted anyway.",
        )


def check_quota(size: int, used: int, at_most: int, whose: str) -> None:
    """`used`: bytes of the files that are there. `whose`: whose files these are, like "your files"."""
    if used + size > at_most:
        raise CommandError(
            Code.QUOTA_EXCEEDED,
            f"The file has {size} bytes, but {max(0, at_most - used)} of the {at_most} bytes for {whose} are left. "
            "Delete messages with files first.",
        )


def check_text(**fields: str | None) -> None:
    """Refuse NUL, which PostgreSQL cannot store and nobody can see, and lone surrogates, which have no UTF-8. The wire has none of these; the
    site's own code may have them from JSON."""
    for field, text in fields.items():
        if text and not text.isascii() and _SURROGATE.search(text):
            raise invalid(**{field: "Contains half a character (a lone surrogate). Leave it out."})
        if text and "\x00" in text:
            raise invalid(**{field: "Contains the character NUL. Leave it out."})


def check_emoji(emoji: str) -> str:
    """Return the reaction as stored: an emoji in its canonical spelling, or a word without spaces and slashes."""
    canonical = text_rules.canonical_emoji(emoji)
    if not text_rules.is_reaction(canonical):
        raise invalid(emoji="A reaction is one emoji, or a word without spaces, slashes and invisible characters.")
    return canonical


def check_room_name(kind: str, name: str | None) -> str | None:
    """Return the name as stored: cleaned. A channel must have one; a direct room has none."""
    check_text(name=name)
    cleaned = text_rules.clean_name(name or "") or None
    if kind == "direct" and cleaned:
        raise invalid(name="A direct room has no name: it shows the other person.")
    if kind == "channel" and not cleaned:
        raise invalid(name="A channel needs a visible name.")
    return cleaned


def check_topic(topic: str | None) -> str | None:
    """Return the topic as stored: cleaned. None stays None."""
    check_text(topic=topic)
    return None if topic is None else text_rules.clean_name(topic)


def check_not_direct(kind: str, what: str) -> None:
    if kind == "direct":
        raise CommandError(Code.FORBIDDEN, f"A direct room always has the same two members: {what}.")


def check_has_threads(kind: str, field: str) -> None:
    if kind == "direct":
        raise invalid(**{field: "A direct room has no threads. Quote the message instead."})


def check_is_root(thread: object, field: str = "message_id") -> None:
    """`thread`: what the message replies to in a thread; None outside of threads. `field`: of the command, which names the message."""
    if thread is not None:
        raise invalid(**{field: "This message is a reply. Name the first message of its thread."})


def check_may_join(kind: str, state: str | None = None) -> None:
    """`state`: of the person's earlier membership; None if there was none."""
    if kind != "channel":
        raise CommandError(Code.FORBIDDEN, "This room is invitation-only. Ask one of its members to add you.")
    if state == "removed":
        raise CommandError(
            Code.FORBIDDEN, "You were removed from this channel. Ask its owner or an admin to add you again."
        )


def check_may_add(actor_role: str, removed: Sequence[str]) -> None:
    """`removed`: names of those to be added who were removed before. A removal holds until an owner or admin revokes it."""
    if removed and actor_role not in _MANAGERS:
        raise CommandError(
            Code.FORBIDDEN, f"Removed from this room, so only its owner and admins can add them: {', '.join(removed)}."
        )


def check_may_show_seen(role: str) -> None:
    """It concerns what everybody in the room has read."""
    if role not in _MANAGERS:
        raise CommandError(
            Code.FORBIDDEN, "Only the room's owner and admins choose whether it shows who has seen a message."
        )


def check_may_remove(actor_role: str, target_role: str) -> None:
    """An owner may remove anyone, an admin only plain members."""
    if actor_role == "owner" or (actor_role == "admin" and target_role == "member"):
        return
    raise CommandError(Code.FORBIDDEN, "Only the room's owner and admins can remove people.")


def check_may_edit(author_id: int, actor_id: int) -> None:
    if author_id != actor_id:
        raise CommandError(Code.FORBIDDEN, "You can edit your own messages only.")


def check_may_delete(author_id: int, actor_id: int, actor_role: str) -> None:
    if author_id != actor_id and actor_role not in _MANAGERS:
        raise CommandError(Code.FORBIDDEN, "Only a message's author, or the room's owner and admins, can delete it.")
