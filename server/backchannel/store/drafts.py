"""Drafts: what people have written and not sent, one in each place, the same on all their devices.

A version replaces the one that it was written from, and no other. A draft that is cleared, or sent, becomes an empty version. So whatever
arrives late (a retry, the save of a device that was offline) was written from a version that is gone, and is refused instead of bringing a
sent text back. A rev is never used twice in a place, also after its row was deleted: it is not below the time in microseconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
from django.db import connection

from backchannel.protocol import times
from backchannel.protocol.codec import encode
from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.events import DraftChanged
from backchannel.protocol.shapes import Draft
from backchannel.store import reads, uploads
from backchannel.store.driver import read
from backchannel.store.memberships import MEMBER
from backchannel.store.transaction import DRAFT, MEMBERSHIP, Outcome, Transaction, from_db_uuid, marks

DRAFTS: Final = 500
"""Of one person, with the cleared ones that are kept."""
CHARACTERS: Final = 1024 * 1024
"""Of all drafts of one person. `get_drafts` is one answer."""
SHORT: Final = 2048
"""A draft of so many characters is not counted: a sum for each of the saves while somebody types would cost more than it saves."""
KEEP_CLEARED_US: Final = 30 * 86_400 * 1_000_000
_NO_THREAD: Final = UUID(int=0)


class Place(NamedTuple):
    """Where a person writes a draft."""

    person_id: int
    room_id: int
    thread: UUID | None


class Text(NamedTuple):
    """What a version says."""

    content: str = ""
    reply_to: UUID | None = None
    attachments: tuple[UUID, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.content or self.reply_to or self.attachments)


class Version(NamedTuple):
    """A stored version, and its row's id; 0 where nothing is stored."""

    id: int
    place: Place
    text: Text
    rev: int
    save_id: UUID | None
    saved_us: int


class Sent(NamedTuple):
    """A message that was sent from the draft as of `rev`."""

    place: Place
    rev: int
    content: str
    outcome: Outcome


_COLUMNS: Final = "id, person_id, room_id, thread, content, reply_to, attachments, rev, save_id, saved_us"
_EMPTY: Final = "content = '' AND reply_to IS NULL AND attachments = '[]'"


def lock_draft(transaction: Transaction, place: Place) -> Version:
    """The version in this place, locked until the commit."""
    return lock_drafts(transaction, [place])[place]


def lock_drafts(transaction: Transaction, places: Iterable[Place]) -> dict[Place, Version]:
    found = {place: Version(0, place, Text(), 0, None, 0) for place in places}
    rows = transaction.query(
        f"SELECT {_COLUMNS} FROM {DRAFT} WHERE (person_id, room_id, thread) IN "
        f"(VALUES {', '.join('(%s, %s, ' + _uuid(transaction) + ')' for _ in found)}) ORDER BY id"
        + (" FOR NO KEY UPDATE" if transaction.is_postgres else ""),
        [
            value
            for place in found
            for value in (place.person_id, place.room_id, transaction.uuid(place.thread or _NO_THREAD))
        ],
    )
    found.update((version.place, version) for version in map(_version, rows))
    return found


def _uuid(transaction: Transaction) -> str:
    return "CAST(%s AS uuid)" if transaction.is_postgres else "%s"


def write(transaction: Transaction, outcome: Outcome, old: Version, text: Text, save_id: UUID | None) -> Version:
    """Replace `old`, which is locked, and send the new version to all devices of the person."""
    rev = max(old.rev + 1, transaction.at_us)
    new = old._replace(text=text, rev=rev, save_id=save_id, saved_us=transaction.at_us)
    columns = {
        "content": text.content,
        "reply_to": text.reply_to and transaction.uuid(text.reply_to),
        "attachments": encode(text.attachments).decode(),
        "rev": rev,
        "save_id": save_id and transaction.uuid(save_id),
        "saved_us": new.saved_us,
    }
    if old.id:
        transaction.execute(
            f"UPDATE {DRAFT} SET {', '.join(f'{name} = %s' for name in columns)} WHERE id = %s",
            [*columns.values(), old.id],
        )
    else:
        place = old.place
        transaction.execute(
            f"INSERT INTO {DRAFT} (person_id, room_id, thread, {', '.join(columns)}) VALUES (%s, %s, %s, {marks(columns)})",
            [place.person_id, place.room_id, transaction.uuid(place.thread or _NO_THREAD), *columns.values()],
        )
    (shape,) = shapes_of([new])
    transaction.notify_user(
        outcome, new.place.person_id, lambda version: DraftChanged(user_version=version, draft=shape)
    )
    return new


def make_room(transaction: Transaction, person_id: int) -> None:
    """Before a row is added: delete what need not be kept. Raises `quota_exceeded`."""
    transaction.execute(
        f"DELETE FROM {DRAFT} WHERE person_id = %s AND {_EMPTY} AND saved_us < %s",
        [person_id, transaction.at_us - KEEP_CLEARED_US],
    )
    ((count, cleared),) = transaction.query(
        f"SELECT COUNT(*), COALESCE(SUM(CASE WHEN {_EMPTY} THEN 1 ELSE 0 END), 0) FROM {DRAFT} WHERE person_id = %s",
        [person_id],
    )
    if count < DRAFTS:
        return
    if not cleared:
        raise CommandError(Code.QUOTA_EXCEEDED, f"You have {count} drafts. Send or discard some first.")
    transaction.execute(
        f"DELETE FROM {DRAFT} WHERE id IN (SELECT id FROM {DRAFT} WHERE person_id = %s AND {_EMPTY} ORDER BY saved_us LIMIT %s)",
        [person_id, count - DRAFTS + 1],
    )


def check_characters(transaction: Transaction, stored: Version, text: Text) -> None:
    """Before a long text replaces `stored`. One that becomes shorter is always kept. Raises `quota_exceeded`."""
    if len(text.content) <= max(SHORT, len(stored.text.content)):
        return
    ((total,),) = transaction.query(
        f"SELECT COALESCE(SUM(LENGTH(content)), 0) FROM {DRAFT} WHERE person_id = %s AND id <> %s",
        [stored.place.person_id, stored.id],
    )
    if total + len(text.content) > CHARACTERS:
        raise CommandError(
            Code.QUOTA_EXCEEDED, f"Your drafts have {total} characters already. Send or discard some first."
        )


def clear_sent(transaction: Transaction, sent: Sequence[Sent]) -> None:
    """Clear the drafts from which these messages were sent. A version that was saved later on another device stays, unless it says the
    same. A version is written even where nothing is stored: the save may be on its way."""
    versions = lock_drafts(transaction, {each.place for each in sent})
    for place, rev, content, outcome in sent:
        version = versions[place]
        if version.rev > rev and version.text.content.strip() != content.strip():
            continue
        if not version.id:
            try:
                make_room(transaction, place.person_id)
            except CommandError:  # a message is not refused for its draft
                continue
        write(transaction, outcome, version, Text(), version.save_id)
        versions[place] = lock_draft(transaction, place)


def drafts_of(person_id: int) -> list[Draft]:
    """In the rooms that the person is in, ascending by rev."""
    rows = read(
        f"SELECT {', '.join(f'd.{name}' for name in _COLUMNS.split(', '))} FROM {DRAFT} d "
        f"JOIN {MEMBERSHIP} mb ON mb.room_id = d.room_id AND mb.person_id = d.person_id "
        "WHERE d.person_id = %s AND mb.state = %s ORDER BY d.rev",
        [person_id, MEMBER],
    )
    return shapes_of([_version(row) for row in rows])


def shapes_of(versions: Sequence[Version]) -> list[Draft]:
    """As on the wire. Files that are gone, or that a message has by now, are left out."""
    quotes = reads.quotes_of({each.text.reply_to for each in versions if each.text.reply_to})
    wanted = {id_ for each in versions for id_ in each.text.attachments}
    files = {row.upload_id: row for row in uploads.uploads_with(wanted) if row.message_id is None}
    return [
        Draft(
            room_id=place.room_id,
            thread=place.thread,
            content=text.content,
            reply_to=quotes.get(text.reply_to) if text.reply_to else None,
            attachments=[files[id_].shape for id_ in text.attachments if id_ in files],
            rev=rev,
            save_id=save_id,
            saved_at=times.to_wire(saved_us),
        )
        for _, place, text, rev, save_id, saved_us in versions
    ]


def forget(person_id: int) -> None:
    """Delete all drafts of a person who is erased. In the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {DRAFT} WHERE person_id = %s", [person_id])


_ids = msgspec.json.Decoder(tuple[UUID, ...]).decode


def _version(row: Sequence[Any]) -> Version:
    id_, person_id, room_id, thread, content, reply_to, attachments, rev, save_id, saved_us = row
    thread = from_db_uuid(thread)
    return Version(
        id_,
        Place(person_id, room_id, None if thread == _NO_THREAD else thread),
        Text(content, from_db_uuid(reply_to) if reply_to else None, _ids(attachments)),
        rev,
        from_db_uuid(save_id) if save_id else None,
        saved_us,
    )
