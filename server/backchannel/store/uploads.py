"""Files on their way into messages, and their blobs: rows alone. The bytes are in the storage of files (`backchannel.files`).

receiving ─ last byte ─▶ checking ─▶ ready ─ a message claims it ─▶ with its message
                             └─────▶ rejected

Longer than 300 lines: it is every statement about uploads and blobs, whose states must agree.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection

from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.shapes import Attachment, Upload, UploadStateName
from backchannel.store.clock import now_us
from backchannel.store.driver import position_of, read
from backchannel.store.transaction import (
    BLOB,
    SCHEDULED,
    UPLOAD,
    UPLOAD_PART,
    WORKSPACE,
    Transaction,
    db_uuid,
    from_db_uuid,
    marks,
)
from backchannel.text_rules.file_names import address_of


class UploadRow(NamedTuple):
    """A row of the table of uploads. The fields are its columns."""

    id: Any
    room_id: int
    person_id: int
    message_id: Any
    sent_name: str
    sent_size: int
    sent_type: str
    name: str
    size: int
    content_type: str
    alt: str
    offset: int
    state: UploadStateName
    code: str
    width: int | None
    height: int | None
    thumbhash: str
    file_id: str | None
    thumb_id: str | None
    view_id: str | None

    @property
    def upload_id(self) -> UUID:
        return from_db_uuid(self.id)

    @property
    def shape(self) -> Upload:
        return Upload(
            id=self.upload_id,
            room_id=self.room_id,
            name=self.name,
            size=self.size,
            content_type=self.content_type,
            offset=self.offset,
            state=self.state,
            claimed=self.message_id is not None,
            code=self.code or None,
            alt=self.alt or None,
        )

    @property
    def attachment(self) -> Attachment:
        """As its message shows it."""
        address = address_of(self.upload_id, self.name)
        return Attachment(
            id=self.upload_id,
            name=self.name,
            size=self.size,
            content_type=self.content_type,
            url=address,
            width=self.width,
            height=self.height,
            thumbhash=self.thumbhash or None,
            alt=self.alt or None,
            thumb_url=f"{address}?v=thumb" if self.thumb_id else None,
            view_url=f"{address}?v=view" if self.view_id else None,
        )


class Part(NamedTuple):
    """A stored piece of an upload."""

    offset: int
    length: int
    key: str


_COLUMNS: Final = ", ".join(f'"{name}"' for name in UploadRow._fields)
"""Quoted: OFFSET is a word of SQL."""


def no_upload(upload_id: UUID) -> CommandError:
    return CommandError(Code.UPLOAD_NOT_FOUND, f"There is no upload {upload_id}.")


def upload_of(upload_id: UUID, person_id: int) -> UploadRow:
    """One's own upload. Raises `upload_not_found`."""
    row = upload_with(upload_id)
    if row is None or row.person_id != person_id:
        raise no_upload(upload_id)
    return row


def upload_with(upload_id: UUID) -> UploadRow | None:
    rows = read(f"SELECT {_COLUMNS} FROM {UPLOAD} WHERE id = %s", [db_uuid(connection, upload_id)])
    return UploadRow(*rows[0]) if rows else None


def uploads_with(ids: Iterable[UUID]) -> list[UploadRow]:
    """Not locked."""
    wanted = [db_uuid(connection, id_) for id_ in ids]
    if not wanted:
        return []
    return [UploadRow(*row) for row in read(f"SELECT {_COLUMNS} FROM {UPLOAD} WHERE id IN ({marks(wanted)})", wanted)]


def lock_uploads(transaction: Transaction, ids: Iterable[UUID]) -> dict[UUID, UploadRow]:
    """The rows with these ids, locked until the commit."""
    wanted = [transaction.uuid(id_) for id_ in ids]
    if not wanted:
        return {}
    rows = transaction.query(
        f"SELECT {_COLUMNS} FROM {UPLOAD} WHERE id IN ({marks(wanted)}) ORDER BY id{_for_update(transaction)}", wanted
    )
    return {row.upload_id: row for row in map(UploadRow._make, rows)}


def lock_upload(transaction: Transaction, upload_id: UUID, person_id: int) -> UploadRow:
    """One's own upload, locked. Raises `upload_not_found`."""
    row = lock_uploads(transaction, [upload_id]).get(upload_id)
    if row is None or row.person_id != person_id:
        raise no_upload(upload_id)
    return row


def insert(transaction: Transaction, row: UploadRow) -> None:
    transaction.execute(
        f"INSERT INTO {UPLOAD} ({_COLUMNS}, checking_until_us, created_us) VALUES ({marks(row)}, 0, %s)",
        [*row, transaction.at_us],
    )


def update(transaction: Transaction, upload_id: UUID, **columns: object) -> None:
    names = ", ".join(f'"{name}" = %s' for name in columns)
    transaction.execute(f"UPDATE {UPLOAD} SET {names} WHERE id = %s", [*columns.values(), transaction.uuid(upload_id)])


def lock_total(transaction: Transaction) -> None:
    """Until the commit, nobody else counts the bytes of everybody."""
    transaction.query(f"SELECT id FROM {WORKSPACE} WHERE id = 1{_for_update(transaction)}")


def bytes_of(transaction: Transaction, person_id: int | None) -> int:
    """The announced sizes of all files of a person, together; None: of everybody."""
    whose, values = ("", []) if person_id is None else (" WHERE person_id = %s", [person_id])
    return int(transaction.query(f"SELECT COALESCE(SUM(sent_size), 0) FROM {UPLOAD}{whose}", values)[0][0])


def add_part(transaction: Transaction, upload_id: UUID, part: Part) -> None:
    transaction.execute(
        f'INSERT INTO {UPLOAD_PART} (upload_id, "offset", length, key) VALUES (%s, %s, %s, %s)',
        [transaction.uuid(upload_id), *part],
    )


def parts_of(upload_id: UUID) -> list[Part]:
    """In their order."""
    rows = read(
        f'SELECT "offset", length, key FROM {UPLOAD_PART} WHERE upload_id = %s ORDER BY "offset"',
        [db_uuid(connection, upload_id)],
    )
    return [Part(*row) for row in rows]


def drop_parts(transaction: Transaction, upload_id: UUID) -> None:
    """Their bytes remain, for the sweep."""
    transaction.execute(f"DELETE FROM {UPLOAD_PART} WHERE upload_id = %s", [transaction.uuid(upload_id)])


def take_for_checking(transaction: Transaction, until_us: int) -> UploadRow | None:
    """The upload that has waited longest, which is this node's until `until_us`."""
    rows = transaction.query(
        f"SELECT {_COLUMNS} FROM {UPLOAD} WHERE state = 'checking' AND checking_until_us < %s "
        f"ORDER BY checking_until_us, id LIMIT 1{_for_update(transaction, ' SKIP LOCKED')}",
        [transaction.at_us],
    )
    if not rows:
        return None
    row = UploadRow(*rows[0])
    update(transaction, row.upload_id, checking_until_us=until_us)
    return row


def is_any_waiting() -> bool:
    """Whether a node may take an upload for checking."""
    return bool(read(f"SELECT 1 FROM {UPLOAD} WHERE state = 'checking' AND checking_until_us < %s LIMIT 1", [now_us()]))


def add_blob(transaction: Transaction, key: str, sha256: str, size: int) -> None:
    """A doomed one: see `models.Blob`."""
    transaction.execute(
        f"INSERT INTO {BLOB} (key, sha256, size, doomed_us) VALUES (%s, %s, %s, %s)",
        [key, sha256, size, transaction.at_us],
    )


def use_blobs(transaction: Transaction, keys: Sequence[str]) -> Mapping[str, str]:
    """New blob → the blob to refer to: an older one of the same content, or itself, which is doomed no more. Raises KeyError if a new
    one was swept in the meantime."""
    ours = {
        key: (sha256, size)
        for key, sha256, size in transaction.query(
            f"SELECT key, sha256, size FROM {BLOB} WHERE key IN ({marks(keys)}) ORDER BY key{_for_update(transaction)}",
            keys,
        )
    }
    hashes = [sha256 for sha256, _ in ours.values()]
    older = {
        (sha256, size): key
        for key, sha256, size in transaction.query(
            f"SELECT key, sha256, size FROM {BLOB} WHERE doomed_us IS NULL AND sha256 IN ({marks(hashes)}) "
            f"ORDER BY key{_for_update(transaction)}",
            hashes,
        )
    }
    used = {key: older.setdefault(ours[key], key) for key in keys}
    new = [key for key, kept in used.items() if key == kept]
    if new:
        transaction.execute(f"UPDATE {BLOB} SET doomed_us = NULL WHERE key IN ({marks(new)})", new)
    return used


def delete(transaction: Transaction, rows: Sequence[UploadRow]) -> None:
    """Delete these locked uploads, and doom those of their blobs that no other upload has."""
    if not rows:
        return
    ids = [row.id for row in rows]
    keys = sorted({key for row in rows for key in (row.file_id, row.thumb_id, row.view_id) if key})
    if keys:
        transaction.query(
            f"SELECT key FROM {BLOB} WHERE key IN ({marks(keys)}) ORDER BY key{_for_update(transaction)}", keys
        )
    transaction.execute(f"DELETE FROM {UPLOAD_PART} WHERE upload_id IN ({marks(ids)})", ids)
    transaction.execute(f"DELETE FROM {UPLOAD} WHERE id IN ({marks(ids)})", ids)
    if keys:
        transaction.execute(
            f"UPDATE {BLOB} SET doomed_us = %s WHERE key IN ({marks(keys)}) AND {_UNUSED}", [transaction.at_us, *keys]
        )


def uploads_of_message(transaction: Transaction, message_id: UUID) -> list[UploadRow]:
    """Locked."""
    rows = transaction.query(
        f"SELECT {_COLUMNS} FROM {UPLOAD} WHERE message_id = %s ORDER BY id{_for_update(transaction)}",
        [transaction.uuid(message_id)],
    )
    return [UploadRow(*row) for row in rows]


def unclaimed_before(transaction: Transaction, before_us: int, at_most: int) -> list[UploadRow]:
    """Locked. Not those that a scheduled message is going to claim."""
    rows = transaction.query(
        f"SELECT {_COLUMNS} FROM {UPLOAD} u WHERE message_id IS NULL AND created_us < %s AND NOT EXISTS (SELECT 1 "
        f"FROM {SCHEDULED} s WHERE s.person_id = u.person_id AND {position_of()}(s.attachments, CAST(u.id AS text)) > 0) "
        "ORDER BY id LIMIT %s" + _for_update(transaction),
        [before_us, at_most],
    )
    return [UploadRow(*row) for row in rows]


def unclaimed_of(transaction: Transaction, person_id: int, at_most: int) -> list[UploadRow]:
    """Locked."""
    rows = transaction.query(
        f"SELECT {_COLUMNS} FROM {UPLOAD} WHERE person_id = %s AND message_id IS NULL ORDER BY id LIMIT %s"
        + _for_update(transaction),
        [person_id, at_most],
    )
    return [UploadRow(*row) for row in rows]


def doom_unused(transaction: Transaction, keys: Sequence[str]) -> int:
    """Doom those of the blobs that nothing uses. Returns their number."""
    return transaction.execute(
        f"UPDATE {BLOB} SET doomed_us = %s WHERE doomed_us IS NULL AND key IN ({marks(keys)}) AND {_UNUSED}",
        [transaction.at_us, *keys],
    )


def unused(keys: Sequence[str]) -> list[str]:
    """The blobs among these that nothing uses."""
    return [row[0] for row in read(f"SELECT key FROM {BLOB} WHERE key IN ({marks(keys)}) AND {_UNUSED}", keys)]


def count_unclaimed(transaction: Transaction, person_id: int) -> int:
    """Uploads of the person that no message has."""
    counted = transaction.query(
        f"SELECT COUNT(*) FROM {UPLOAD} WHERE person_id = %s AND message_id IS NULL", [person_id]
    )
    return int(counted[0][0])


def doomed_before(before_us: int, at_most: int) -> list[tuple[str, int]]:
    """(key, size)"""
    rows = read(f"SELECT key, size FROM {BLOB} WHERE doomed_us < %s ORDER BY doomed_us LIMIT %s", [before_us, at_most])
    return [(row[0], int(row[1])) for row in rows]


def used_blobs(after: str, at_most: int = 500) -> list[tuple[str, int]]:
    """(key, size) of blobs that are not doomed, ascending by key."""
    rows = read(
        f"SELECT key, size FROM {BLOB} WHERE doomed_us IS NULL AND key > %s ORDER BY key LIMIT %s", [after, at_most]
    )
    return [(row[0], int(row[1])) for row in rows]


def forget_blobs(transaction: Transaction, keys: Sequence[str]) -> None:
    """Delete the rows of doomed blobs whose bytes are gone."""
    transaction.execute(f"DELETE FROM {BLOB} WHERE doomed_us IS NOT NULL AND key IN ({marks(keys)})", keys)


def existing(ids: Sequence[UUID]) -> set[UUID]:
    """The ids among these of uploads that have parts."""
    if not ids:
        return set()
    rows = read(
        f"SELECT DISTINCT upload_id FROM {UPLOAD_PART} WHERE upload_id IN ({marks(ids)})",
        [db_uuid(connection, id_) for id_ in ids],
    )
    return {from_db_uuid(row[0]) for row in rows}


_UNUSED: Final = (
    f"NOT EXISTS (SELECT 1 FROM {UPLOAD} WHERE file_id = {BLOB}.key) "
    f"AND NOT EXISTS (SELECT 1 FROM {UPLOAD} WHERE thumb_id = {BLOB}.key) "
    f"AND NOT EXISTS (SELECT 1 FROM {UPLOAD} WHERE view_id = {BLOB}.key)"
)


def _for_update(transaction: Transaction, how: str = "") -> str:
    """Under SQLite the transaction has locked the whole database."""
    return f" FOR UPDATE{how}" if transaction.is_postgres else ""
