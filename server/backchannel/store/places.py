"""Whether what is kept for a later message still fits its place. Blocking.

The sending itself checks again, under the room's lock: what a draft or a scheduled message names may be gone by then.
"""

from collections.abc import Iterable
from uuid import UUID

from django.db import connection

from backchannel.protocol.errors import Code, CommandError, invalid
from backchannel.rules import check_has_threads
from backchannel.store import uploads
from backchannel.store.driver import read
from backchannel.store.transaction import MESSAGE, ROOM, db_uuid, from_db_uuid, marks


def check_place(room_id: int, thread: UUID | None, reply_to: UUID | None) -> None:
    """Raises `invalid` where the room has no such thread, or no such message."""
    wanted = {id_ for id_ in (thread, reply_to) if id_}
    if not wanted:
        return
    rows = read(
        f"SELECT id, thread FROM {MESSAGE} WHERE room_id = %s AND id IN ({marks(wanted)})",
        [room_id, *(db_uuid(connection, id_) for id_ in wanted)],
    )
    found = {from_db_uuid(id_): root for id_, root in rows}
    if reply_to and reply_to not in found:
        raise invalid(reply_to="There is no such message in this room.")
    if thread is None:
        return
    ((kind,),) = read(f"SELECT kind FROM {ROOM} WHERE id = %s", [room_id])
    check_has_threads(kind, "thread")
    if thread not in found:
        raise invalid(thread="There is no such message in this room.")
    if found[thread] is not None:
        raise invalid(thread="This message is a reply. Name the first message of its thread.")


def check_uploads(person_id: int, room_id: int, ids: Iterable[UUID]) -> None:
    """Raises `upload_not_found` unless these are uploads of the person for this room."""
    wanted = list(ids)
    if len(set(wanted)) < len(wanted):
        raise invalid(attachments="Names an upload twice.")
    found = {row.upload_id: row for row in uploads.uploads_with(wanted)}
    for id_ in wanted:
        row = found.get(id_)
        if row is None or (row.person_id, row.room_id) != (person_id, room_id):
            sentence = f"There is no upload {id_} of yours for this room."
            raise CommandError(Code.UPLOAD_NOT_FOUND, sentence, errors={"attachments": [sentence]})
