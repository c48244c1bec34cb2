"""Who may do what. Pure: it sees words and numbers, and either passes or raises the error the client is told.

room            | whatever no column names | name, topic, add people | join          | leave | remove people, add them again, delete others' messages
direct          | its two                  | nobody                  | nobody        | no    | nobody
group           | members                  | members                 | by invitation | yes   | its owner and admins
channel         | members                  | members                 | everybody*    | yes   | its owner and admins

* But for those who were removed.
"""

from collections.abc import Sequence
from typing import Final

from backchannel import text_rules
from backchannel.protocol.errors import Code, CommandError, invalid

CONTENT_BYTES: Final = 16 * 1024
DIFFERENT_REACTIONS: Final = 50
GROUP_MEMBERS_AT_CREATION: Final = 100

_MANAGERS: Final = ("owner", "admin")


def check_content(content: str, at_most: int = CONTENT_BYTES) -> None:
    """A message says something that can be seen, fits into `at_most` bytes, and has nothing a database cannot hold. Its text is
    kept as it was written: other control characters stay where they are."""
    if text_rules.is_blank(content.replace("\x00", "x")):
        raise invalid(content="Write something first: a message cannot be empty.")
    size = len(content.encode())
    if size > at_most:
        raise invalid(content=f"Too long by {size - at_most} bytes: a message holds {at_most} bytes of UTF-8.")
    check_text(content=content)


def check_text(**fields: str | None) -> None:
    """No NUL: PostgreSQL cannot store it, and nobody can see it."""
    for field, text in fields.items():
        if text and "\x00" in text:
            raise invalid(**{field: "Contains the character NUL. Leave it out."})


def check_emoji(emoji: str) -> str:
    """The reaction as it is kept: an emoji in its one spelling, or a word without spaces and slashes."""
    canonical = text_rules.canonical_emoji(emoji)
    if not text_rules.is_reaction(canonical):
        raise invalid(emoji="A reaction is one emoji, or a word without spaces, slashes and invisible characters.")
    return canonical


def check_room_name(kind: str, name: str | None) -> str | None:
    """The name as it is kept: cleaned; a channel must have one, a direct room has none."""
    check_text(name=name)
    cleaned = text_rules.clean_name(name or "") or None
    if kind == "direct" and cleaned:
        raise invalid(name="A direct room has no name: it shows the other person.")
    if kind == "channel" and not cleaned:
        raise invalid(name="A channel needs a name that can be seen.")
    return cleaned


def check_topic(topic: str | None) -> str | None:
    """The topic as it is kept: cleaned. None stays None."""
    check_text(topic=topic)
    return None if topic is None else text_rules.clean_name(topic)


def check_not_direct(kind: str, what: str) -> None:
    if kind == "direct":
        raise CommandError(Code.FORBIDDEN, f"A direct room belongs to its two people for ever: {what}.")


def check_may_join(kind: str, state: str | None = None) -> None:
    """`state`: of the membership that was; None where there was none."""
    if kind != "channel":
        raise CommandError(Code.FORBIDDEN, "This room is by invitation: ask one of its members to add you.")
    if state == "removed":
        raise CommandError(
            Code.FORBIDDEN, "You were removed from this channel. Ask its owner or an admin to add you again."
        )


def check_may_add(actor_role: str, removed: Sequence[str]) -> None:
    """`removed`: the names of those among them who were removed before. A removal stands until a manager lifts it."""
    if removed and actor_role not in _MANAGERS:
        raise CommandError(
            Code.FORBIDDEN, f"Removed from this room, so only its owner and admins can add them: {', '.join(removed)}."
        )


def check_may_remove(actor_role: str, target_role: str) -> None:
    """An owner removes anybody, an admin removes members."""
    if actor_role == "owner" or (actor_role == "admin" and target_role == "member"):
        return
    raise CommandError(Code.FORBIDDEN, "Only the room's owner and admins can remove people.")


def check_may_edit(author_id: int, actor_id: int) -> None:
    if author_id != actor_id:
        raise CommandError(Code.FORBIDDEN, "You can edit your own messages only.")


def check_may_delete(author_id: int, actor_id: int, actor_role: str) -> None:
    if author_id != actor_id and actor_role not in _MANAGERS:
        raise CommandError(Code.FORBIDDEN, "Only a message's author, or the room's owner and admins, can delete it.")
