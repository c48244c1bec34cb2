"""Who may read a file: those who may read its message, asked at every request. Blocking.

| the file                | who gets it                                                  | everybody else                            |
|-------------------------|--------------------------------------------------------------|-------------------------------------------|
| of a message            | who may read the message (`access`, `former_members`)        | 403 `not_a_member`, as for the message     |
| of no message yet       | its uploader, while a member of the room                     | 404; a former member 403                   |
| of a deleted message, not ready, of another space | nobody                             | 404 `upload_not_found`                     |
"""

from typing import NamedTuple
from uuid import UUID

from django.db import connection

from backchannel.protocol.errors import Code, CommandError
from backchannel.store import former_members, reads
from backchannel.store.access import access_to, check_member
from backchannel.store.driver import read
from backchannel.store.transaction import BLOB, from_db_uuid
from backchannel.store.uploads import UploadRow, no_upload, upload_with


class FileRow(NamedTuple):
    """The blob to serve."""

    key: str | None
    """None: there are no bytes."""
    size: int
    content_type: str
    name: str
    width: int | None
    """Of a picture that the server encoded itself; None for everything else."""


THUMBNAIL_TYPE = "image/webp"
_VARIANTS = {"": "file_id", "thumb": "thumb_id", "view": "view_id"}


def file_for(upload_id: UUID, variant: str, person_id: int) -> FileRow:
    """`variant`: "" for the file itself, "thumb" or "view". Raises CommandError: 403, 404."""
    row = upload_with(upload_id)
    if row is None:
        raise no_upload(upload_id)
    try:
        _check_readable(row, person_id)
    except CommandError as error:
        # Of another space: the file is not to be known of either.
        raise no_upload(upload_id) if error.code is Code.ROOM_NOT_FOUND else error from None
    column = _VARIANTS.get(variant)
    if row.state != "ready" or column is None:
        raise no_upload(upload_id)
    if variant == "":
        return FileRow(row.file_id, row.size, row.content_type, row.name, row.width)
    key = getattr(row, column)
    sizes = read(f"SELECT size FROM {BLOB} WHERE key = %s", [key])
    if not sizes:
        raise no_upload(upload_id)
    return FileRow(key, int(sizes[0][0]), THUMBNAIL_TYPE, row.name, row.width)


def _check_readable(row: UploadRow, person_id: int) -> None:
    if row.message_id is None:
        if row.person_id != person_id:
            raise no_upload(row.upload_id)
        check_member(row.room_id, person_id)
        return
    access = access_to(row.room_id, person_id)
    if access.left_seq is None:
        return
    message_id = from_db_uuid(row.message_id)
    message = reads.messages_by_id(connection, [message_id])[message_id]
    if not access.may_read(message.seq) or not former_members.as_they_were([message], access.left_seq):
        raise no_upload(row.upload_id)
