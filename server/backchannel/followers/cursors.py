"""The operations of the followers: taking a lease, moving cursors, starting over."""

from collections.abc import Sequence
from typing import Any, ClassVar

from backchannel.followers.follower import Follower
from backchannel.store.clock import POSTGRES_NOW_US
from backchannel.store.followers import Stretch
from backchannel.store.operation import Operation
from backchannel.store.transaction import FOLLOWER_CURSOR, FOLLOWER_LEASE, Outcome, Transaction, marks

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
    """Releases the lease, so that another node need not wait for its end."""

    is_batchable: ClassVar[bool] = True

    name: str
    node: str

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        transaction.execute(
            f"UPDATE {FOLLOWER_LEASE} SET until_us = 0 WHERE name = %s AND node = %s", [self.name, self.node]
        )


class Advance(Operation, frozen=True, kw_only=True):
    """Apply events of many rooms and move the cursors. The result is False, and nothing is written, if one of the cursors is not where
    its stretch begins: another node has moved it since, or the follower was reset."""

    follower: Follower
    stretches: Sequence[Stretch]
    """Not empty, each room once."""
    prepared: Any = None
    """What the follower's `prepare` returned."""

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        name = self.follower.name
        _lock_lease(transaction, name)
        rooms = [stretch.room_id for stretch in self.stretches]
        found = transaction.query(
            f"SELECT room_id, seq FROM {FOLLOWER_CURSOR} WHERE name = %s AND room_id IN ({marks(rooms)})",
            [name, *rooms],
        )
        cursors = dict(found)
        outcome.result = all(cursors.get(stretch.room_id, 0) == stretch.after for stretch in self.stretches)
        if outcome.result:
            transaction.execute(
                f"INSERT INTO {FOLLOWER_CURSOR} (name, room_id, seq) VALUES {', '.join(['(%s, %s, %s)'] * len(rooms))} "
                "ON CONFLICT (name, room_id) DO UPDATE SET seq = excluded.seq",
                [value for stretch in self.stretches for value in (name, stretch.room_id, stretch.upto)],
            )
            self.follower.apply(transaction, self.stretches, self.prepared)


class ResetFollower(Operation, frozen=True, kw_only=True):
    """Forget everything a follower derived, and its cursors: the node that runs it reads all logs again."""

    follower: Follower

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        _lock_lease(transaction, self.follower.name)
        self.follower.clear(transaction)
        transaction.execute(f"DELETE FROM {FOLLOWER_CURSOR} WHERE name = %s", [self.follower.name])


def _lock_lease(transaction: Transaction, name: str) -> None:
    """One `Advance` or `ResetFollower` at a time: each must see what the other wrote. SQLite has one writer anyway. A node that advances
    has held the lease, so the row exists."""
    if transaction.is_postgres:
        transaction.query(f"SELECT name FROM {FOLLOWER_LEASE} WHERE name = %s FOR UPDATE", [name])
