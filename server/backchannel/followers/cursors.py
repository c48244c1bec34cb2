"""The operations of the followers: taking a lease, moving a cursor, starting over."""

from collections.abc import Sequence
from typing import ClassVar

from backchannel.followers.follower import Follower
from backchannel.protocol.events import AnyRoomEvent
from backchannel.store.clock import POSTGRES_NOW_US
from backchannel.store.operation import Operation
from backchannel.store.transaction import FOLLOWER_CURSOR, FOLLOWER_LEASE, Outcome, Transaction

SECOND_US = 1_000_000


class HoldLease(Operation, frozen=True, kw_only=True):
    """Take or extend the lease of a follower for `seconds`. The result says whether `node` holds it now."""

    is_batchable: ClassVar[bool] = True

    name: str
    node: str
    seconds: float

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        now, values = (POSTGRES_NOW_US, []) if transaction.is_postgres else ("%s", [transaction.at_us])
        taken = transaction.execute(
            f"INSERT INTO {FOLLOWER_LEASE} (name, node, until_us) VALUES (%s, %s, {now} + %s) "
            "ON CONFLICT (name) DO UPDATE SET node = excluded.node, until_us = excluded.until_us "
            f"WHERE {FOLLOWER_LEASE}.node = excluded.node OR {FOLLOWER_LEASE}.until_us < {now}",
            [self.name, self.node, *values, int(self.seconds * SECOND_US), *values],
        )
        outcome.result = taken == 1


class ReleaseLease(Operation, frozen=True, kw_only=True):
    """So that another node need not wait for the lease's end."""

    is_batchable: ClassVar[bool] = True

    name: str
    node: str

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        transaction.execute(
            f"UPDATE {FOLLOWER_LEASE} SET until_us = 0 WHERE name = %s AND node = %s", [self.name, self.node]
        )


class Advance(Operation, frozen=True, kw_only=True):
    """Apply events of one room and move its cursor. The result is False, and nothing is written, if the cursor is not at `after`:
    another node has moved it since, or the follower was reset."""

    follower: Follower
    room_id: int
    after: int
    events: Sequence[AnyRoomEvent]
    """Not empty, numbered `after` + 1 and up without a gap."""

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        _lock_lease(transaction, self.follower.name, "SHARE")
        if self.after == 0:
            moved = transaction.execute(
                f"INSERT INTO {FOLLOWER_CURSOR} (name, room_id, seq) VALUES (%s, %s, %s) ON CONFLICT (name, room_id) DO NOTHING",
                [self.follower.name, self.room_id, self.events[-1].seq],
            )
        else:
            moved = transaction.execute(
                f"UPDATE {FOLLOWER_CURSOR} SET seq = %s WHERE name = %s AND room_id = %s AND seq = %s",
                [self.events[-1].seq, self.follower.name, self.room_id, self.after],
            )
        if moved:
            self.follower.apply(transaction, self.room_id, self.events)
        outcome.result = moved == 1


class ResetFollower(Operation, frozen=True, kw_only=True):
    """Forget everything a follower derived, and its cursors: the node that runs it reads all logs again."""

    follower: Follower

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        _lock_lease(transaction, self.follower.name, "UPDATE")
        self.follower.clear(transaction)
        transaction.execute(f"DELETE FROM {FOLLOWER_CURSOR} WHERE name = %s", [self.follower.name])


def _lock_lease(transaction: Transaction, name: str, mode: str) -> None:
    """No `Advance` runs beside a `ResetFollower`, which would not see what that is about to write. SQLite has one writer anyway.
    A node that advances has held the lease, so the row exists."""
    if transaction.is_postgres:
        transaction.query(f"SELECT name FROM {FOLLOWER_LEASE} WHERE name = %s FOR {mode}", [name])
