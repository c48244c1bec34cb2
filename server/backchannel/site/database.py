"""Turns BACKCHANNEL_DATABASE_URL into an entry of Django's DATABASES.

Both databases are set up so that an ack means committed and synced to disk.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from backchannel import sqlite_options

SQLITE_FILE = "backchannel.sqlite3"
SIGN = "backchannel_workspace"
"""The table that identifies a database of ours."""

# A room locked by another transaction for longer than this answers `unavailable`.
POSTGRES_OPTIONS = "-c lock_timeout=3000 -c synchronous_commit=on"

# A server that vanished is given up after about ten seconds. Without these, a thread waiting for its answer would wait for a quarter
# of an hour, or, if everything had been sent already, for two.
POSTGRES_SILENCE = {
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
}


def database(url: str, data: Path) -> dict[str, Any]:
    """The DATABASES entry for `url`, or for the SQLite file in the folder `data` if `url` is blank."""
    parts = urlsplit(url)
    if not url or parts.scheme == "sqlite":
        return _sqlite(Path(unquote(parts.path[1:])) if url else data / SQLITE_FILE)
    return _postgres(url)


def describe(settings: Mapping[str, Any]) -> str:
    """How messages name the database of this DATABASES entry, without the password."""
    if settings["ENGINE"].endswith("sqlite3"):
        return f"the SQLite database {settings['NAME']}"
    where = f"{settings['HOST'] or 'localhost'}:{settings['PORT'] or 5432}"
    return f"the PostgreSQL database {settings['NAME']} at {where}"


def _sqlite(path: Path) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "OPTIONS": sqlite_options(),
    }


def _postgres(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    options.setdefault("options", POSTGRES_OPTIONS)
    options.setdefault("connect_timeout", "5")
    for name, value in POSTGRES_SILENCE.items():
        options.setdefault(name, value)
    # The reading threads and the writer keep one connection each; the rest is for Django's requests. Pooled connections broken by a
    # restart of the server are detected before they are handed out.
    options["pool"] = {"min_size": 1, "max_size": 20, "timeout": 5}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "OPTIONS": options,
        "CONN_HEALTH_CHECKS": True,
    }
