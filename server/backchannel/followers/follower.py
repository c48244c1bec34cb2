"""The interface of a follower of the log."""

from collections.abc import Sequence
from typing import Any, ClassVar

from backchannel.store.followers import Stretch
from backchannel.store.transaction import Transaction


class Lost(Exception):
    """The follower's derived data is missing or incomplete, so its cursors are invalid."""


class Follower:
    """Follows each room's events in the order of their seqs, without a gap, from the first on. Rooms have no order among each other.

    It gets stretches of the log, of many rooms at once and each room once, and reads of them what it needs: by SQL, or as events by
    `store.reads.events_in`. An event about a message comes with the message as it is when it is read, which may be newer than the
    event: an edit or a deletion is applied like any other state, and applying it again changes nothing.
    """

    name: ClassVar[str]
    """Up to 40 characters; its cursors are stored under it."""

    batch: ClassVar[int] = 1000
    """Events, over all rooms, that are applied together."""

    is_woken: ClassVar[bool] = True
    """Whether commits of its own node wake it. Otherwise it looks every few seconds alone, which costs a busy server the least."""

    def prepare(self, stretches: Sequence[Stretch]) -> Any:
        """Called in a reading thread before `apply`, which gets what it returns. For reading, and for work outside the database: a store
        of the follower's own, a call to another service. At least once for every event: again after a crash, or when another room of the batch failed. Raises `Lost` to
        start over, or whatever keeps it from being done; it is tried again, room by room."""

    def apply(self, transaction: Transaction, stretches: Sequence[Stretch], prepared: Any) -> None:
        """Write what follows from the events into the chat's own database, in the transaction that moves the cursors: exactly once.
        It holds up the writer, so it is a few statements for the whole batch. `prepared`: what `prepare` returned."""

    def tend(self) -> None:
        """Called in a reading thread after every regular look of the node that runs it, for upkeep that has no event. Takes a moment at
        most. Raises `Lost` to start over."""

    def clear(self, transaction: Transaction) -> None:
        """Delete everything that was derived: the follower starts over."""
        raise NotImplementedError
