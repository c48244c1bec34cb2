"""How much each process does: one row a minute, for a little more than a day. Any node can draw the whole fleet from it.

Connections and people are as they are at the end of the minute. `sends` and the samples of `delivery` are totals since the process
started, so that a minute that was not written costs nothing: two rows of one process give what happened between them.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from backchannel.store.driver import Driver

MINUTE_US: Final = 60_000_000
MINUTES_KEPT: Final = 25 * 60


@dataclass(frozen=True, slots=True)
class Pace:
    websocket: int = 0
    """Connections now."""
    http: int = 0
    """Clients that poll now."""
    people: int = 0
    """Connected to this process now."""
    sends: int = 0
    """Messages taken since the start."""
    delivery: Sequence[int] = ()
    """Samples by bucket of `reports.BOUNDS_S` since the start, of both transports."""


class MinuteRow(NamedTuple):
    minute: int
    """Since 1970."""
    node: str
    pace: Pace


def write_minute(driver: Driver, node: str, now_us: int, pace: Pace) -> None:
    """The row of this minute, as it is now."""
    driver.execute(
        "INSERT INTO ops_minute (minute, node, websocket, http, people, sends, delivery) VALUES (%s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (minute, node) DO UPDATE SET websocket = excluded.websocket, http = excluded.http,"
        " people = excluded.people, sends = excluded.sends, delivery = excluded.delivery",
        [
            now_us // MINUTE_US,
            node,
            pace.websocket,
            pace.http,
            pace.people,
            pace.sends,
            json.dumps(list(pace.delivery), separators=(",", ":")),
        ],
    )


def forget_minutes(driver: Driver, now_us: int) -> None:
    driver.execute("DELETE FROM ops_minute WHERE minute < %s", [now_us // MINUTE_US - MINUTES_KEPT])


def read_minutes(driver: Driver, since_minute: int) -> list[MinuteRow]:
    """The rows in the order of time."""
    rows = driver.query(
        "SELECT minute, node, websocket, http, people, sends, delivery FROM ops_minute WHERE minute >= %s ORDER BY minute, node",
        [since_minute],
    )
    return [
        MinuteRow(minute, node, Pace(websocket, http, people, sends, json.loads(delivery)))
        for minute, node, websocket, http, people, sends, delivery in rows
    ]
