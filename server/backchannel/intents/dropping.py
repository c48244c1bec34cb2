"""Takes away what an erased person's intents hold of their texts."""

from typing import Final
from uuid import UUID

import msgspec

from backchannel.store import intents
from backchannel.store.operation import Operation
from backchannel.store.transaction import MESSAGE, Outcome, Transaction, from_db_uuid, marks

_AT_ONCE: Final = 200


class _WithText(msgspec.Struct, frozen=True):
    """The part of an intent that every version can read, including one that a newer version wrote."""

    sender: int | None = None
    """The sender of a post."""
    message: UUID | None = None
    """The message of an edit."""


class DropTextsOf(Operation, frozen=True, kw_only=True):
    """Delete the intents, waiting or refused, that post as this person or edit a message of theirs. Nothing of those that wait is posted
    afterwards."""

    person_id: int

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        intents.lock(transaction)
        last = 0
        while rows := intents.with_text(transaction, last, _AT_ONCE):
            last = rows[-1].id
            found = {row.id: msgspec.json.decode(row.body, type=_WithText) for row in rows}
            theirs = self._messages(transaction, [each.message for each in found.values() if each.message])
            intents.delete(
                transaction,
                [id_ for id_, each in found.items() if each.sender == self.person_id or each.message in theirs],
            )

    def _messages(self, transaction: Transaction, ids: list[UUID]) -> set[UUID]:
        if not ids:
            return set()
        rows = transaction.query(
            f"SELECT id FROM {MESSAGE} WHERE sender_id = %s AND id IN ({marks(ids)})",
            [self.person_id, *map(transaction.uuid, ids)],
        )
        return {from_db_uuid(row[0]) for row in rows}
