"""Rows → wire shapes, for the writer and the reads alike, so that a message looks the same live and from history."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from backchannel.protocol import times
from backchannel.protocol.shapes import Attachment, LastMessage, Message, Quote, Reaction, User
from backchannel.store.transaction import from_db_uuid

EXCERPT_CHARACTERS: Final = 140
EXCERPTED_CHARACTERS: Final = EXCERPT_CHARACTERS * 2
"""As much of a message as its excerpt is made from."""

MESSAGE_COLUMNS: Final = (
    "m.id, m.room_id, m.seq, m.rev_seq, m.content, m.created_us, m.edited_us, m.deleted, m.mentions, m.reactions, "
    "m.attachments, p.id, p.username, p.display_name, "
    f"q.id, q.seq, SUBSTR(q.content, 1, {EXCERPTED_CHARACTERS}), qp.id, qp.username, qp.display_name"
)
"""What `message_from_row` takes: a message `m` and its sender `p`, the message `q` that it answers and its sender `qp`."""

_reactions = msgspec.json.Decoder(list[tuple[str, list[int]]]).decode
_attachments = msgspec.json.Decoder(list[Attachment]).decode
_ids = msgspec.json.Decoder(list[int]).decode
_people = msgspec.json.Decoder(list[tuple[int, str, str]]).decode


def excerpt(content: str) -> str:
    """The first line or so of a message, for quotes and room lists."""
    flat = " ".join(content[:EXCERPTED_CHARACTERS].split())
    return flat if len(flat) <= EXCERPT_CHARACTERS else flat[: EXCERPT_CHARACTERS - 1] + "…"


def quote_from_row(row: Sequence[Any]) -> Quote:
    """(id, seq, content, person id, username, display name)"""
    return Quote(from_db_uuid(row[0]), row[1], User(row[3], row[4], row[5]), excerpt(row[2]))


def message_from_row(row: Sequence[Any]) -> Message:
    return Message(
        id=from_db_uuid(row[0]),
        room_id=row[1],
        seq=row[2],
        rev_seq=row[3],
        sender=User(row[11], row[12], row[13]),
        content=row[4],
        reply_to=quote_from_row(row[14:]) if row[14] else None,
        created_at=times.to_wire(row[5]),
        edited_at=times.to_wire(row[6]) if row[6] is not None else None,
        deleted=bool(row[7]),
        mentions=_ids(row[8]) if row[8] != "[]" else [],
        reactions=reactions_from_text(row[9]),
        attachments=_attachments(row[10]) if row[10] != "[]" else [],
    )


def last_message_from_row(row: Sequence[Any]) -> LastMessage:
    """(id, content, created_us, person id, username, display name)"""
    return LastMessage(from_db_uuid(row[0]), User(row[3], row[4], row[5]), excerpt(row[1]), times.to_wire(row[2]))


def people_from_text(text: str | None) -> dict[int, User]:
    """From the JSON of `[[id, username, display name], …]`: id → person."""
    return {person[0]: User(*person) for person in _people(text)} if text else {}


def ids_from_text(text: str | None) -> list[int]:
    """From the JSON of `[id, …]`, ascending."""
    return sorted(_ids(text)) if text else []


def reactions_from_text(text: str) -> list[Reaction]:
    return [Reaction(emoji, len(users), users) for emoji, users in _reactions(text)] if text != "[]" else []


def reactions_to_text(reactions: Iterable[Reaction]) -> str:
    return msgspec.json.encode([(reaction.emoji, reaction.user_ids) for reaction in reactions]).decode()
