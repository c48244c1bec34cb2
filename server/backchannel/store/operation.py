"""The unit of work of the writer. Each command that changes something has one operation class, in the command's own file.

An operation checks first and writes afterwards, so that a refused one leaves no trace and needs no savepoint.
"""

from collections.abc import Sequence
from typing import Any, ClassVar, Final, Self

import msgspec

from backchannel.protocol.errors import CommandError
from backchannel.protocol.shapes import User
from backchannel.store.transaction import Outcome, Transaction

NOBODY: Final = User(0, "", "")
"""The actor of the server's own operations."""


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """A write on behalf of `actor`."""

    actor: User

    is_batchable: ClassVar[bool] = False
    """Whether it may share a transaction with other callers' operations."""

    def made_of(self, sent: msgspec.Struct) -> Self:
        """This operation, whose command the site's policy made of the command `sent` by the client."""
        return self

    @property
    def size(self) -> int:
        """Characters that it adds to the log; limits the size of a batch."""
        return 0

    def rooms_to_lock(self) -> Sequence[int]:
        """The rooms to lock because their log may change. Called inside the transaction before any lock is taken, so it may only read
        what never changes. Raises CommandError."""
        return ()

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        """Check, then write, then set `outcome.result`. Raises CommandError only before anything is written."""
        raise NotImplementedError

    @classmethod
    def apply_all(cls, transaction: Transaction, run: Sequence[tuple[Self, Outcome]]) -> None:
        """Apply consecutive operations of this class in a batch, in order."""
        for operation, outcome in run:
            try:
                operation.apply(transaction, outcome)
            except CommandError as error:
                outcome.error = error


class Nothing(Operation, frozen=True, kw_only=True):
    """Changes nothing. It is answered when everything queued before it is committed."""

    is_batchable: ClassVar[bool] = True

    def apply(self, transaction: Transaction, outcome: Outcome) -> None: ...


def result_of(outcome: Outcome) -> Any:
    """Return the operation's result, or raise the error that refused it."""
    if outcome.error is not None:
        raise outcome.error
    return outcome.result
