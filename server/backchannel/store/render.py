"""Rows → wire shapes, for the writer and the reads alike, so that a message looks the same live and from history."""

from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import UUID

import msgspec

from backchannel.protocol import times
from backchannel.protocol.shapes import Attachment, LastMessage, Message, Quote, Reaction, User
from backchannel.store.transaction import from_db_uuid

EXCERPT_CHARACTERS: Final = 140

MESSAGE_COLUMNS: Final = (
    "m.id, m.room_id, m.seq, m.rev_seq, m.content, m.reply_to, m.created_us, m.edited_us, m.deleted, m.mentions, "
    "m.reactions, m.attachments, p.id, p.username, p.display_name"
)
"""Of `message m JOIN person p ON p.id = m.sender_id`: what `message_from_row` takes."""

_reactions = msgspec.json.Decoder(list[tuple[str, list[int]]]).decode
_attachments = msgspec.json.Decoder(list[Attachment]).decode
_mentions = msgspec.json.Decoder(list[int]).decode


def excerpt(content: str) -> str:
    """The first line or so of a message, for quotes and room lists."""
    flat = " ".join(content[: EXCERPT_CHARACTERS * 2].split())
    return flat if len(flat) <= EXCERPT_CHARACTERS else flat[: EXCERPT_CHARACTERS - 1] + "…"


def quote_from_row(row: tuple[Any, ...]) -> Quote:
    """(id, seq, content, person id, username, display name)"""
    return Quote(from_db_uuid(row[0]), row[1], User(row[3], row[4], row[5]), excerpt(row[2]))


def message_from_row(row: tuple[Any, ...], quotes: Mapping[UUID, Quote]) -> Message:
    return Message(
        id=from_db_uuid(row[0]),
        room_id=row[1],
        seq=row[2],
        rev_seq=row[3],
        sender=User(row[12], row[13], row[14]),
        content=row[4],
        reply_to=quotes.get(from_db_uuid(row[5])) if row[5] else None,
        created_at=times.to_wire(row[6]),
        edited_at=times.to_wire(row[7]) if row[7] is not None else None,
        deleted=bool(row[8]),
        mentions=_mentions(row[9]),
        reactions=reactions_from_text(row[10]),
        attachments=_attachments(row[11]),
    )


def last_message_from_row(row: tuple[Any, ...]) -> LastMessage:
    """(id, content, created_us, person id, username, display name)"""
    return LastMessage(from_db_uuid(row[0]), User(row[3], row[4], row[5]), excerpt(row[1]), times.to_wire(row[2]))


def reactions_from_text(text: str) -> list[Reaction]:
    return [Reaction(emoji, len(users), users) for emoji, users in _reactions(text)] if text != "[]" else []


def reactions_to_text(reactions: Iterable[Reaction]) -> str:
    return msgspec.json.encode([(reaction.emoji, reaction.user_ids) for reaction in reactions]).decode()
