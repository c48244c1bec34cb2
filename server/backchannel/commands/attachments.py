"""The files of a message: claimed when it is sent, in its transaction, and erased with it."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from backchannel.protocol.codec import encode
from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.shapes import Attachment, Message
from backchannel.store import uploads
from backchannel.store.transaction import MESSAGE, Transaction
from backchannel.store.uploads import UploadRow

Rows = dict[UUID, UploadRow]
"""The locked uploads of a batch."""


def check_claim(rows: Mapping[UUID, UploadRow], ids: Sequence[UUID], room_id: int, person_id: int) -> None:
    """Check that these uploads are the person's, of this room, ready, and that no message has them. Raises `upload_not_found`,
    `upload_not_ready` or `upload_claimed`."""
    for id_ in ids:
        row = rows.get(id_)
        if row is None or row.person_id != person_id or row.room_id != room_id:
            raise _refusal(Code.UPLOAD_NOT_FOUND, f"There is no upload {id_} of yours for this room.")
        if row.state != "ready":
            raise _refusal(Code.UPLOAD_NOT_READY, f"The upload {id_} is not ready: it is {row.state}.")
        if row.message_id is not None:
            raise _refusal(Code.UPLOAD_CLAIMED, f"Another message has the upload {id_} already. Send the file again.")


def claim(rows: Rows, ids: Sequence[UUID], message_id: UUID) -> list[Attachment]:
    """Give these checked uploads to the message. Returns what it shows of them."""
    for id_ in ids:
        rows[id_] = rows[id_]._replace(message_id=message_id)
    return [rows[id_].attachment for id_ in ids]


def write_claim(transaction: Transaction, message: Message) -> None:
    """After the message is inserted, which is without its files then: most messages have none, and their insertion is not to pay."""
    text = encode(message.attachments).decode()
    transaction.execute(f"UPDATE {MESSAGE} SET attachments = %s WHERE id = %s", [text, transaction.uuid(message.id)])
    for attachment in message.attachments:
        uploads.update(transaction, attachment.id, message_id=transaction.uuid(message.id))


def erase_attachments(transaction: Transaction, message_id: UUID) -> None:
    """Delete the uploads of a message. Their bytes go within hours."""
    uploads.delete(transaction, uploads.uploads_of_message(transaction, message_id))


def _refusal(code: Code, sentence: str) -> CommandError:
    return CommandError(code, sentence, errors={"attachments": [sentence]})
