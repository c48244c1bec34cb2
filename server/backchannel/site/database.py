"""Turns BACKCHANNEL_DATABASE_URL into an entry of Django's DATABASES.

Both databases are set up so that an ack means what it says: committed and synced to the disk.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

SQLITE_FILE = "backchannel.sqlite3"

# FULL syncs the log at each commit. NORMAL does not: there, a power cut takes acked messages with it.
# Every reading thread has a connection, and every connection a cache of pages, which the system keeps in its own as well:
# what the frequent reads touch is little, and fits into 512 KiB.
SQLITE_INIT = (
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY; "
    "PRAGMA cache_size=-512"
)

# A room that somebody else keeps locked answers `unavailable` after this, rather than for ever.
POSTGRES_OPTIONS = "-c lock_timeout=3000 -c synchronous_commit=on"

# A server that vanished without a word is given up after about ten seconds. Without these a thread that waits for its answer
# would wait for a quarter of an hour, or, where everything was sent already, for two.
POSTGRES_SILENCE = {
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
}


def database(url: str, data: Path) -> dict[str, Any]:
    """The DATABASES entry for `url`, or for the SQLite file in the folder `data` where `url` is blank."""
    parts = urlsplit(url)
    if not url or parts.scheme == "sqlite":
        return _sqlite(Path(unquote(parts.path[1:])) if url else data / SQLITE_FILE)
    return _postgres(url)


def _sqlite(path: Path) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "OPTIONS": {
            # A transaction that reads and then writes would fail at once if another wrote in between,
            # whatever the timeout. One that begins as a writer waits for its turn instead.
            "transaction_mode": "IMMEDIATE",
            "timeout": 5,
            "init_command": SQLITE_INIT,
        },
    }


def _postgres(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    options.setdefault("options", POSTGRES_OPTIONS)
    options.setdefault("connect_timeout", "5")
    for name, value in POSTGRES_SILENCE.items():
        options.setdefault(name, value)
    # The reading threads and the writer keep one each; the rest is for Django's own requests. What lay in the pool while the
    # server restarted is found out before it is handed out.
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
