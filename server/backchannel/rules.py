"""Who may do what. Pure: it sees words and numbers, and either passes or raises the error the client is told.

room            | send, read, react | name, topic, add people | join          | leave | remove people, delete others' messages
direct          | its two           | nobody                  | nobody        | no    | nobody
group           | members           | members                 | by invitation | yes   | its owner and admins
channel         | members           | members                 | everybody     | yes   | its owner and admins
"""

import unicodedata
from typing import Final

from backchannel.protocol.errors import Code, CommandError, invalid

CONTENT_BYTES: Final = 16 * 1024
DIFFERENT_REACTIONS: Final = 50
GROUP_MEMBERS_AT_CREATION: Final = 100

_MANAGERS: Final = ("owner", "admin")


def check_content(content: str, at_most: int = CONTENT_BYTES) -> None:
    """A message says something, fits into `at_most` bytes, and has nothing a database cannot hold."""
    if not content.strip():
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


def check_emoji(emoji: str) -> None:
    """One printable word: no space, no control or bidirectional-override character, and nothing that an address in REST
    cannot carry as one step of its path."""
    if "/" in emoji or emoji in (".", ".."):
        raise invalid(emoji="A reaction is an emoji or a word without slashes.")
    for character in emoji:
        category = unicodedata.category(character)
        # Joiners and variation selectors (Cf, Mn) build emoji; of the format characters only those are let in.
        if category[0] in "ZC" and character not in "\u200d\U000e007f" and not 0xE0020 <= ord(character) <= 0xE007E:
            raise invalid(emoji="A reaction is an emoji or a word without spaces.")


def check_room_name(kind: str, name: str | None) -> str | None:
    """The name as it is kept: trimmed; a channel must have one, a direct room has none."""
    check_text(name=name)
    trimmed = " ".join((name or "").split()) or None
    if kind == "direct" and trimmed:
        raise invalid(name="A direct room has no name: it shows the other person.")
    if kind == "channel" and not trimmed:
        raise invalid(name="A channel needs a name.")
    return trimmed


def check_not_direct(kind: str, what: str) -> None:
    if kind == "direct":
        raise CommandError(Code.FORBIDDEN, f"A direct room belongs to its two people for ever: {what}.")


def check_may_join(kind: str) -> None:
    if kind != "channel":
        raise CommandError(Code.FORBIDDEN, "This room is by invitation: ask one of its members to add you.")


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
