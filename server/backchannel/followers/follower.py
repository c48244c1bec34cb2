"""What a follower of the log is."""

from collections.abc import Sequence

from backchannel.protocol.events import AnyRoomEvent
from backchannel.store.transaction import Transaction


class Follower:
    """Gets each room's events in the order of their seqs, without a gap, from the first on. Rooms have no order among each other.

    An event about a message comes with the message as it is when it is read, which may be newer than the event: an edit or a
    deletion is applied like any other state, and applying it again changes nothing.
    """

    name: str
    """Up to 40 characters; its cursors are stored under it."""

    def prepare(self, room_id: int, events: Sequence[AnyRoomEvent]) -> None:
        """Called in a reading thread before `apply`, for work outside the database: a store of the follower's own, a call to another
        service. At least once for every event: again after a crash. Raises whatever keeps it from being done; it is tried again."""

    def apply(self, transaction: Transaction, room_id: int, events: Sequence[AnyRoomEvent]) -> None:
        """Write what follows from the events into the chat's own database, in the transaction that moves the cursor: exactly once.
        It holds up the writer, so it is a few statements."""

    def clear(self, transaction: Transaction) -> None:
        """Delete everything that was derived: the follower starts over."""
        raise NotImplementedError
