"""Messages as a former member sees them: as they were when the person left the room. Blocking, like `reads`.

`access.py` decides who may read. A person who was removed reads nothing, except the answer to a retry of their own message.
"""

from collections.abc import Sequence
from uuid import UUID

from django.db import connection
from msgspec import structs

from backchannel.protocol.shapes import Message, without_marks
from backchannel.store.transaction import EVENT, db_uuid, from_db_uuid, marks


def as_they_were(messages: Sequence[Message], left_seq: int) -> list[Message]:
    """Those of the messages whose text has not changed since `left_seq`. An edit or deletion since then removed the old text, so the
    message is left out. Reactions are left out, since they may have changed; so are a quote whose text has changed, and the summary of a
    thread with later replies."""
    suspects = {message.id for message in messages if message.rev_seq > left_seq}
    quoted = {message.reply_to.id for message in messages if message.reply_to}
    changed = _changed_since(suspects | quoted, left_seq)
    shown = []
    for message in messages:
        if message.id in changed:
            continue
        if message.id in suspects:
            message = structs.replace(without_marks(message), rev_seq=message.seq)
        if message.reply_to and message.reply_to.id in changed:
            message = structs.replace(message, reply_to=structs.replace(message.reply_to, excerpt=""))
        if message.thread_summary and message.thread_summary.rev > left_seq:
            message = structs.replace(message, thread_summary=None)
        shown.append(message)
    return shown


def as_it_was_sent(message: Message, content: str) -> Message:
    """The answer to a retry of the stored `message`: `content` as its sender sent it, and nothing of what happened to it since. A quote
    whose text has changed is left out."""
    quote = message.reply_to
    if quote is not None and _changed_since({quote.id}, message.seq):
        quote = structs.replace(quote, excerpt="")
    return structs.replace(
        without_marks(message), content=content, rev_seq=message.seq, reply_to=quote, edited_at=None, deleted=False,
        thread_summary=None,
    )  # fmt: skip


def is_changed_since(message: Message, seq: int) -> bool:
    """Whether the message shows anything of an event above `seq`."""
    return message.rev_seq > seq or (message.thread_summary is not None and message.thread_summary.rev > seq)


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
