"""What is kept of how a message came in. Blocking, like `reads`."""

from typing import Final, NamedTuple
from uuid import UUID

from django.db import connection

from backchannel.protocol import times
from backchannel.protocol.shapes import Via
from backchannel.store.driver import read
from backchannel.store.transaction import EVENT, MESSAGE, db_uuid

EDITS: Final = 100
"""The most that are listed, the newest."""


class Facts(NamedTuple):
    seq: int
    accepted_at: str
    via: Via | None
    deleted: bool


def facts_of(message_id: UUID) -> Facts:
    """Of a message that is known to be there."""
    ((seq, created_us, via, deleted),) = read(
        f"SELECT seq, created_us, via, deleted FROM {MESSAGE} WHERE id = %s", [db_uuid(connection, message_id)]
    )
    return Facts(seq, times.to_wire(created_us), via, bool(deleted))


def edits_of(message_id: UUID, head: int) -> list[str]:
    """When it was edited, ascending, by events up to `head`."""
    rows = read(
        f"SELECT at_us FROM {EVENT} WHERE message_id = %s AND kind = 'message_edited' AND seq <= %s ORDER BY seq DESC LIMIT %s",
        [db_uuid(connection, message_id), head, EDITS],
    )
    return [times.to_wire(at_us) for (at_us,) in reversed(rows)]
