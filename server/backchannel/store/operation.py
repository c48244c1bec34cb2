"""What the writer executes. Each command that changes something has one class of these, in the command's own file.

An operation checks first and writes after, so that a refused one leaves nothing behind and needs no savepoint.
"""

from collections.abc import Sequence
from typing import Any, ClassVar, Final, Self

import msgspec

from backchannel.protocol.errors import CommandError
from backchannel.protocol.shapes import User
from backchannel.store.transaction import Outcome, Transaction

NOBODY: Final = User(0, "", "")
"""The actor of what the server does by itself."""


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """Something to be written, by and for `actor`."""

    actor: User

    is_batchable: ClassVar[bool] = False
    """May other callers' operations share its transaction? Others have a transaction of their own."""

    @property
    def size(self) -> int:
        """Characters that it adds to the log; bounds how much is committed together."""
        return 0

    def rooms_to_lock(self) -> Sequence[int]:
        """The rooms whose log it may move: they are locked when it is applied. Called in the transaction, before any lock, so it may
        read what never changes. Raises CommandError."""
        return ()

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        """Check, then write, and set `outcome.result`. Raises CommandError before anything is written."""
        raise NotImplementedError

    @classmethod
    def apply_all(cls, transaction: Transaction, run: Sequence[tuple[Self, Outcome]]) -> None:
        """Apply operations of this class that follow each other in a batch, in order."""
        for operation, outcome in run:
            try:
                operation.apply(transaction, outcome)
            except CommandError as error:
                outcome.error = error


class Nothing(Operation, frozen=True, kw_only=True):
    """Changes nothing: it is answered when everything queued before it is committed."""

    is_batchable: ClassVar[bool] = True

    def apply(self, transaction: Transaction, outcome: Outcome) -> None: ...


def result_of(outcome: Outcome) -> Any:
    """Its result; raises the error it was refused with."""
    if outcome.error is not None:
        raise outcome.error
    return outcome.result
