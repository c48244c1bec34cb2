"""Where the followers of the log stand. Sync: call through `ReadPool.run`."""

from collections.abc import Iterable
from typing import NamedTuple

from backchannel.store.driver import read
from backchannel.store.transaction import FOLLOWER_CURSOR, FOLLOWER_LEASE, ROOM, marks


class Behind(NamedTuple):
    """A room in which a follower has not applied everything."""

    room_id: int
    seq: int
    """The last event it applied."""


class Standing(NamedTuple):
    """One follower, for whoever watches it."""

    name: str
    lag: int
    """Events of all rooms that are not applied."""
    node: str
    """The node that runs it, or ran it last."""
    until_us: int
    """When that node's lease ends; 0 where none ever ran it."""


def rooms_behind(name: str, rooms: Iterable[int] | None, limit: int) -> list[Behind]:
    """Of these rooms, or of all where it is None, up to `limit` in which the follower is behind, by id."""
    among, values = "", []
    if rooms is not None:
        values = list(rooms)
        among = f" AND r.id IN ({marks(values)})"
    rows = read(
        f"SELECT r.id, COALESCE(c.seq, 0) FROM {ROOM} r "
        f"LEFT JOIN {FOLLOWER_CURSOR} c ON c.room_id = r.id AND c.name = %s "
        f"WHERE r.head > COALESCE(c.seq, 0){among} ORDER BY r.id LIMIT %s",
        [name, *values, limit],
    )
    return [Behind(*row) for row in rows]


def standing_of(name: str) -> Standing:
    rows = read(
        f"SELECT COALESCE(SUM(r.head - COALESCE(c.seq, 0)), 0) FROM {ROOM} r "
        f"LEFT JOIN {FOLLOWER_CURSOR} c ON c.room_id = r.id AND c.name = %s WHERE r.head > COALESCE(c.seq, 0)",
        [name],
    )
    leases = read(f"SELECT node, until_us FROM {FOLLOWER_LEASE} WHERE name = %s", [name])
    node, until_us = leases[0] if leases else ("", 0)
    return Standing(name, int(rows[0][0]), node, until_us)
