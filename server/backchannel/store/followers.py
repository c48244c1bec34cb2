"""How far the followers of the log have come. Blocking: call through `ReadPool.run`."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from django.db import connection

from backchannel.store.clock import POSTGRES_NOW_US, now_us
from backchannel.store.driver import read
from backchannel.store.transaction import FOLLOWER_CURSOR, FOLLOWER_LEASE, ROOM, marks


class Stretch(NamedTuple):
    """Events of one room that a follower has not applied: those above `after`, up to `upto`."""

    room_id: int
    after: int
    upto: int


class Lease(NamedTuple):
    """Which node may run a follower, and for how long."""

    node: str
    """Empty if no node ever ran it."""
    left_us: int
    """Negative once it has ended."""


class FollowerProgress(NamedTuple):
    """The state of one follower, for monitoring."""

    name: str
    lag: int
    """Number of events, over all rooms, that are not applied yet."""
    node: str
    """The node that runs it or ran it last."""
    until_us: int
    """When that node's lease ends, in µs; 0 if no node ever ran it."""


def stretches_behind(
    name: str, rooms: Iterable[int] | None, skipped: Collection[int], most_rooms: int, most_events: int
) -> list[Stretch]:
    """Where the follower is behind: up to `most_rooms` rooms, ascending by id, with up to `most_events` events together. `rooms`: only
    among these; None: all. `skipped`: rooms to leave out."""
    among, values = "", []
    if rooms is not None:
        values = list(rooms)
        among = f" AND r.id IN ({marks(values)})"
    rows = read(
        f"SELECT r.id, COALESCE(c.seq, 0), r.head FROM {ROOM} r "
        f"LEFT JOIN {FOLLOWER_CURSOR} c ON c.room_id = r.id AND c.name = %s "
        f"WHERE r.head > COALESCE(c.seq, 0){among} ORDER BY r.id LIMIT %s",
        [name, *values, most_rooms + len(skipped)],
    )
    stretches: list[Stretch] = []
    for room_id, after, head in rows:
        if room_id in skipped:
            continue
        if most_events == 0 or len(stretches) == most_rooms:
            break
        upto = min(head, after + most_events)
        stretches.append(Stretch(room_id, after, upto))
        most_events -= upto - after
    return stretches


def lease_of(name: str) -> Lease:
    """The lease of this follower, by the clock of the operation that grants leases."""
    now, values = (POSTGRES_NOW_US, []) if connection.vendor == "postgresql" else ("%s", [now_us()])
    rows = read(f"SELECT node, until_us - {now} FROM {FOLLOWER_LEASE} WHERE name = %s", [*values, name])
    return Lease(*rows[0]) if rows else Lease("", -1)


def has_begun(name: str) -> bool:
    """Whether the follower has applied anything since it was made or reset."""
    return bool(read(f"SELECT 1 FROM {FOLLOWER_CURSOR} WHERE name = %s LIMIT 1", [name]))


def progress_of(name: str) -> FollowerProgress:
    rows = read(
        f"SELECT COALESCE(SUM(r.head - COALESCE(c.seq, 0)), 0) FROM {ROOM} r "
        f"LEFT JOIN {FOLLOWER_CURSOR} c ON c.room_id = r.id AND c.name = %s WHERE r.head > COALESCE(c.seq, 0)",
        [name],
    )
    leases = read(f"SELECT node, until_us FROM {FOLLOWER_LEASE} WHERE name = %s", [name])
    node, until_us = leases[0] if leases else ("", 0)
    return FollowerProgress(name, int(rows[0][0]), node, until_us)
