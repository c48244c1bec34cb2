"""Operations on uploads that a node starts itself: claim one for checking, record blobs before they are stored, delete unneeded ones."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from backchannel.store import uploads
from backchannel.store.operation import Operation
from backchannel.store.transaction import Outcome, Transaction

AT_ONCE: Final = 100
"""Uploads that one transaction deletes."""


class TakeForChecking(Operation, frozen=True, kw_only=True):
    """The result is the upload that has waited longest, this node's alone for `for_us`; None where none waits."""

    for_us: int

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        outcome.result = uploads.take_for_checking(transaction, transaction.at_us + self.for_us)


class KeepChecking(Operation, frozen=True, kw_only=True):
    """This node goes on checking the upload, for `for_us` from now."""

    upload_id: UUID
    for_us: int

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        uploads.update(transaction, self.upload_id, checking_until_us=transaction.at_us + self.for_us)


class AddBlobs(Operation, frozen=True, kw_only=True):
    """Before their bytes are stored; see `store.models.Blob`."""

    blobs: Sequence[tuple[str, str, int]]
    """(key, SHA-256 in hexadecimal digits, size)"""

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        for blob in self.blobs:
            uploads.add_blob(transaction, *blob)


class DeleteUnclaimed(Operation, frozen=True, kw_only=True):
    """Delete uploads that no message has and that are older than `older_than_us`. The result is how many, AT_ONCE at most."""

    older_than_us: int

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        rows = uploads.unclaimed_before(transaction, transaction.at_us - self.older_than_us, AT_ONCE)
        uploads.delete(transaction, rows)
        outcome.result = len(rows)


class DeleteUnclaimedOf(Operation, frozen=True, kw_only=True):
    """Delete uploads of a person that no message has. The result is how many, AT_ONCE at most."""

    person_id: int

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        rows = uploads.unclaimed_of(transaction, self.person_id, AT_ONCE)
        uploads.delete(transaction, rows)
        outcome.result = len(rows)


class DoomUnused(Operation, frozen=True, kw_only=True):
    """Doom those of these blobs that no upload has, although no deletion of ours says so, as after that of a room by the site."""

    keys: Sequence[str]

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        outcome.result = uploads.doom_unused(transaction, self.keys)


class ForgetBlobs(Operation, frozen=True, kw_only=True):
    """Forgets blobs whose bytes are gone."""

    keys: Sequence[str]

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        uploads.forget_blobs(transaction, self.keys)
