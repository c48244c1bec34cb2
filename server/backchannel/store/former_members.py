"""What somebody who is no longer in a room is told of it: what was there when they were, as it was. Sync, like `reads`.

Who left reads on up to there; who was removed reads nothing, which is decided in `left_seq_of`. Both are told of their own messages
that these were sent, as they were sent.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from django.db import connection
from msgspec import structs

from backchannel.protocol.shapes import Message
from backchannel.store.models import Membership
from backchannel.store.transaction import EVENT, MEMBERSHIP, db_uuid, from_db_uuid, marks

LEFT: Final = Membership.State.LEFT.value


def left_seq_of(room_id: int, person_id: int) -> int | None:
    """The event by which the person left the room of their own accord; None for everybody else."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT left_seq FROM {MEMBERSHIP} WHERE room_id = %s AND person_id = %s AND state = %s",
            [room_id, person_id, LEFT],
        )
        rows = cursor.fetchall()
    return int(rows[0][0]) if rows else None


def as_they_were(messages: Sequence[Message], left_seq: int) -> list[Message]:
    """Of these messages those that say what they said then. An edit or deletion since took the old words away, so the message
    is left out; where only reactions changed it is shown without any. A quote of changed words has none."""
    suspects = {message.id for message in messages if message.rev_seq > left_seq}
    quoted = {message.reply_to.id for message in messages if message.reply_to}
    changed = _changed_since(suspects | quoted, left_seq)
    shown = []
    for message in messages:
        if message.id in changed:
            continue
        if message.id in suspects:
            message = structs.replace(message, reactions=[], rev_seq=message.seq)
        if message.reply_to and message.reply_to.id in changed:
            message = structs.replace(message, reply_to=structs.replace(message.reply_to, excerpt=""))
        shown.append(message)
    return shown


def as_it_was_sent(message: Message, content: str) -> Message:
    """The answer to the repeated sending of what is stored as `message`: what its sender wrote, which is what they say again, and
    nothing of what became of it. A quote of words that changed since has none."""
    quote = message.reply_to
    if quote is not None and _changed_since({quote.id}, message.seq):
        quote = structs.replace(quote, excerpt="")
    return structs.replace(
        message, content=content, rev_seq=message.seq, reply_to=quote, edited_at=None, deleted=False, reactions=[]
    )


def _changed_since(ids: set[UUID], seq: int) -> set[UUID]:
    if not ids:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT message_id FROM {EVENT} WHERE seq > %s AND kind IN ('message_edited', 'message_deleted') "
            f"AND message_id IN ({marks(ids)})",
            [seq, *(db_uuid(connection, id_) for id_ in ids)],
        )
        return {from_db_uuid(row[0]) for row in cursor.fetchall()}
