"""The database beyond what every start checks: clock, settings, upkeep. Reads only. Django is set up and connected."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from django.db import connection

from backchannel.findings import Finding

_CLOCK_S: Final = 2.0
_CONNECTIONS_A_PROCESS: Final = 20
"""The pool of a process is at most this large (site/database.py)."""
_SPARE: Final = 5
_LOG_BYTES: Final = 256 * 1024 * 1024
_DEAD_ROWS: Final = 100_000
# Ids begin with the time at which a client made them, so that these are among the newest; and there is an index.
_NEWEST: Final = (
    "SELECT max(created_us) FROM (SELECT created_us FROM backchannel_message ORDER BY id DESC LIMIT 100) AS newest"
)


def examine(processes: int, site_threads: int = 0) -> Iterator[Finding]:
    """`processes`: how many serve this database from here. `site_threads`: how many threads for the site's own code each of them has, with a
    connection each."""
    yield _clock()
    if connection.vendor == "postgresql":
        yield from _postgresql(processes, _CONNECTIONS_A_PROCESS + site_threads)
    else:
        yield from _sqlite()


def _clock() -> Finding:
    newest = _value(_NEWEST)
    ahead = (newest or 0) / 1e6 - time.time()
    if ahead > _CLOCK_S:
        return Finding(
            "D113",
            "problem",
            f"the newest message is dated {ahead:,.0f} s ahead: the clock was set back",
            "timedatectl set-ntp true",
        )
    if connection.vendor != "postgresql":
        return Finding("D113", "ok", "no message is dated ahead of this machine's clock")
    before = time.time()
    theirs = float(_value("SELECT extract(epoch FROM clock_timestamp())"))
    off = theirs - (before + time.time()) / 2
    if abs(off) > _CLOCK_S:
        return Finding(
            "D113",
            "problem",
            f"the clocks of this machine and of PostgreSQL differ by {abs(off):.1f} s",
            "timedatectl set-ntp true",
        )
    return Finding("D113", "ok", f"the clocks of this machine and of PostgreSQL differ by {abs(off) * 1000:.0f} ms")


def _postgresql(processes: int, connections: int) -> Iterator[Finding]:
    allowed, reserved = int(_value("SHOW max_connections")), int(_value("SHOW superuser_reserved_connections"))
    wanted = connections * processes + _SPARE
    text = f"PostgreSQL allows {allowed - reserved} connections"
    if allowed - reserved < wanted:
        yield Finding(
            "D114", "note", f"{text}; {processes} processes may use {wanted}", f"max_connections = {wanted + reserved}"
        )
    else:
        yield Finding("D114", "ok", text)
    if _value("SHOW autovacuum") == "off":
        yield Finding("D114", "problem", "autovacuum is off: tables grow for ever", "autovacuum = on")
    rows = _rows(
        "SELECT relname, n_live_tup, n_dead_tup FROM pg_stat_user_tables WHERE relname LIKE 'backchannel%%' "
        "AND n_dead_tup > %s AND n_dead_tup > n_live_tup",
        [_DEAD_ROWS],
    )
    for name, live, dead in rows:
        yield Finding(
            "D114",
            "note",
            f"{name} has {dead:,} dead rows beside {live:,}: it is not vacuumed",
            f"VACUUM (ANALYZE) {name};",
        )


def _sqlite() -> Iterator[Finding]:
    file = Path(connection.settings_dict["NAME"])
    log = file.with_name(file.name + "-wal")
    size = log.stat().st_size if log.exists() else 0
    if size > _LOG_BYTES:
        yield Finding(
            "D115",
            "note",
            f"{log} has {size // 1024**2:,} MiB: a program, such as a copy of the file, keeps reading an old state",
        )
    else:
        yield Finding("D115", "ok", f"the write-ahead log has {size // 1024:,} KiB")


def _value(query: str) -> Any:
    rows = _rows(query)
    return rows[0][0] if rows else None


def _rows(query: str, values: list[Any] | None = None) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())
