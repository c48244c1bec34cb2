"""Rows → wire shapes, shared by the writer and the reads, so that a message looks the same live and from history."""

from collections.abc import Iterable, Sequence
from itertools import starmap
from typing import Any, Final, NamedTuple

import msgspec

from backchannel.protocol import times
from backchannel.protocol.shapes import (
    Attachment,
    Message,
    PersonKind,
    Quote,
    Reaction,
    ThreadSummary,
    User,
)
from backchannel.store.models import Person
from backchannel.store.transaction import from_db_uuid

EXCERPT_CHARACTERS: Final = 140
EXCERPTED_CHARACTERS: Final = EXCERPT_CHARACTERS * 2
"""The part of a message that its excerpt is made from."""


class MessageRow(NamedTuple):
    """The row that a message is rendered from: its own columns, and those that `_ELSEWHERE` takes from other tables."""

    id: Any
    room_id: int
    seq: int
    rev_seq: int
    content: str
    created_us: int
    edited_us: int | None
    deleted: bool
    mentions: str
    reactions: str
    attachments: str
    pinned_seq: int | None
    thread: Any
    beside: bool | None
    thread_count: int
    thread_people: str
    thread_last_us: int
    thread_rev: int | None
    """None before the first reply; then the other columns of the summary are None too."""
    sender_id: int
    sender_username: str
    sender_display_name: str
    sender_external_id: str
    sender_avatar_url: str
    sender_kind: PersonKind | None
    quoted_id: Any
    """None unless the message is a reply; then the other columns of the quote are None too."""
    quoted_seq: int
    quoted_content: str
    quoted_attachments: str
    quoted_sender_id: int
    quoted_sender_username: str
    quoted_sender_display_name: str
    quoted_sender_external_id: str
    quoted_sender_avatar_url: str
    quoted_sender_kind: PersonKind | None


_ELSEWHERE: Final = {
    **{f"sender_{name}": f"p.{name}" for name in User.__struct_fields__},
    "quoted_id": "q.id",
    "quoted_seq": "q.seq",
    "quoted_content": f"SUBSTR(q.content, 1, {EXCERPTED_CHARACTERS})",
    "quoted_attachments": "q.attachments",
    **{f"quoted_sender_{name}": f"qp.{name}" for name in User.__struct_fields__},
}
MESSAGE_COLUMNS: Final = ", ".join(_ELSEWHERE.get(name, f"m.{name}") for name in MessageRow._fields)
"""Selects a `MessageRow`: `m` is the message and `p` its sender, `q` the message it replies to and `qp` that one's sender."""

NO_MARKS: Final[dict[str, object]] = {"reactions": "[]", "pinned_seq": None}
"""The columns of a message `without_marks`."""

_reactions = msgspec.json.Decoder(list[tuple[str, list[int]]]).decode
_attachments = msgspec.json.Decoder(list[Attachment]).decode
_ids = msgspec.json.Decoder(list[int]).decode
_people = msgspec.json.Decoder(list[tuple[int, str, str, str, str, PersonKind | None]]).decode


def user_columns(table: str) -> str:
    """The columns of a `User`, in the order of its members."""
    return ", ".join(f"{table}.{name}" for name in User.__struct_fields__)


def user_of(person: Person) -> User:
    return User(*(getattr(person, name) for name in User.__struct_fields__))


def excerpt(content: str, attachments: Iterable[Attachment] = ()) -> str:
    """The first line or so of a message, for quotes and room lists; the names of its files where its text is blank."""
    return _shortened(content) or _shortened(", ".join(file.name for file in attachments))


def _shortened(text: str) -> str:
    flat = " ".join(text[:EXCERPTED_CHARACTERS].split())
    return flat if len(flat) <= EXCERPT_CHARACTERS else flat[: EXCERPT_CHARACTERS - 1] + "…"


def quote_from_row(row: Sequence[Any]) -> Quote:
    """Columns: id, seq, content, attachments, `user_columns`."""
    id_, seq, content, attachments, *sender = row
    return Quote(from_db_uuid(id_), seq, User(*sender), excerpt(content, attachments_from_text(attachments)))


def _quote_of(row: MessageRow) -> Quote:
    sender = User(
        row.quoted_sender_id,
        row.quoted_sender_username,
        row.quoted_sender_display_name,
        row.quoted_sender_external_id,
        row.quoted_sender_avatar_url,
        row.quoted_sender_kind,
    )
    return Quote(
        from_db_uuid(row.quoted_id),
        row.quoted_seq,
        sender,
        excerpt(row.quoted_content, attachments_from_text(row.quoted_attachments)),
    )


def _summary_of(row: MessageRow) -> ThreadSummary:
    assert row.thread_rev is not None
    return ThreadSummary(row.thread_count, _ids(row.thread_people), times.to_wire(row.thread_last_us), row.thread_rev)


def message_from_row(row: MessageRow) -> Message:
    return Message(
        id=from_db_uuid(row.id),
        room_id=row.room_id,
        seq=row.seq,
        rev_seq=row.rev_seq,
        sender=User(
            row.sender_id,
            row.sender_username,
            row.sender_display_name,
            row.sender_external_id,
            row.sender_avatar_url,
            row.sender_kind,
        ),
        content=row.content,
        reply_to=_quote_of(row) if row.quoted_id else None,
        created_at=times.to_wire(row.created_us),
        edited_at=times.to_wire(row.edited_us) if row.edited_us is not None else None,
        deleted=bool(row.deleted),
        mentions=_ids(row.mentions) if row.mentions != "[]" else [],
        reactions=reactions_from_text(row.reactions),
        attachments=attachments_from_text(row.attachments),
        pinned=row.pinned_seq is not None,
        thread=from_db_uuid(row.thread) if row.thread else None,
        in_room=bool(row.thread) and not row.beside,
        thread_summary=_summary_of(row) if row.thread_rev is not None else None,
    )


def people_from_text(text: str | None) -> dict[int, User]:
    """Parse a JSON array of arrays, each with the members of a `User` in their order, into id → person."""
    return {user.id: user for user in starmap(User, _people(text))} if text else {}


def ids_in_order(text: str) -> list[int]:
    """Parse the JSON `[id, …]`."""
    return _ids(text)


def ids_from_text(text: str | None) -> list[int]:
    """Parse the JSON `[id, …]`; ascending."""
    return sorted(_ids(text)) if text else []


def attachments_from_text(text: str) -> list[Attachment]:
    return _attachments(text) if text != "[]" else []


def reactions_from_text(text: str) -> list[Reaction]:
    return [Reaction(emoji, len(users), users) for emoji, users in _reactions(text)] if text != "[]" else []


def reactions_to_text(reactions: Iterable[Reaction]) -> str:
    return msgspec.json.encode([(reaction.emoji, reaction.user_ids) for reaction in reactions]).decode()
