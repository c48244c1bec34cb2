"""The time of day, as stored."""

import time
from typing import Final

from django.db import connection

from backchannel.store.driver import read

POSTGRES_NOW_US: Final = "(EXTRACT(EPOCH FROM CLOCK_TIMESTAMP()) * 1000000)::bigint"
"""The same, in SQL, by PostgreSQL's clock: one for all nodes, whose own clocks may differ by any amount."""


def offset_s() -> float | None:
    """How far this machine's clock is ahead of PostgreSQL's, to half the time of the question; None on SQLite, which has no clock of its
    own. Blocking."""
    if connection.vendor != "postgresql":
        return None
    before = time.time()
    theirs = read("SELECT extract(epoch FROM clock_timestamp())", [])[0][0]
    return (before + time.time()) / 2 - float(theirs)


def now_us() -> int:
    """Microseconds since 1970-01-01 UTC."""
    return time.time_ns() // 1000
