"""Metrics of the whole node: which version it is, how many people are connected, how large its database is."""

import platform
from contextlib import suppress
from pathlib import Path
from typing import Final

from django.db import connection
from prometheus_client import REGISTRY, Gauge

build: Final = Gauge("backchannel_build_info", "Always 1.", ["version", "python", "database"])
people: Final = Gauge("backchannel_people_connected", "People with a connection or polls here.")
database_bytes: Final = Gauge(
    "backchannel_database_size_bytes", "Size of the SQLite database, without its log.", registry=None
)
wal_bytes: Final = Gauge("backchannel_wal_size_bytes", "Size of the SQLite database's write-ahead log.", registry=None)


def describe(version: str) -> None:
    """`version`: of this server."""
    build.labels(version, platform.python_version(), connection.vendor).set(1)


def show_sizes(database: int, wal: int) -> None:
    """Registered when they are known, which on PostgreSQL they never are."""
    for gauge, value in ((database_bytes, database), (wal_bytes, wal)):
        gauge.set(value)
        with suppress(ValueError):  # registered before
            REGISTRY.register(gauge)


def file_sizes() -> tuple[int, int] | None:
    """Sizes of the SQLite file and of its log, in bytes; None on PostgreSQL, and for a database in memory."""
    if connection.vendor != "sqlite":
        return None
    file = Path(connection.settings_dict["NAME"])
    log = file.with_name(f"{file.name}-wal")
    try:
        return file.stat().st_size, log.stat().st_size if log.exists() else 0
    except OSError:
        return None
