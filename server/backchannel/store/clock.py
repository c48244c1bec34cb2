"""The time of day, as stored."""

import time
from typing import Final

POSTGRES_NOW_US: Final = "(EXTRACT(EPOCH FROM CLOCK_TIMESTAMP()) * 1000000)::bigint"
"""The same, in SQL, by PostgreSQL's clock: one for all nodes, whose own clocks may differ by any amount."""


def now_us() -> int:
    """Microseconds since 1970-01-01 UTC."""
    return time.time_ns() // 1000
