"""Backchannel: chat that keeps talking when the WebSocket does not."""

__version__ = "0.1.0"

# FULL syncs the log at each commit. NORMAL does not: there, a power cut takes acked messages with it.
# Every reading thread has a connection, and every connection a cache of pages, which the system keeps in its own as well:
# what the frequent reads touch is little, and fits into 512 KiB.
SQLITE_INIT = (
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY; "
    "PRAGMA cache_size=-512"
)


def sqlite_options() -> dict[str, object]:
    """`DATABASES["default"]["OPTIONS"]` for SQLite: commits are synced to the disk, and writers wait for their turn."""
    return {
        # A transaction that reads and then writes would fail at once if another wrote in between, whatever the timeout.
        # One that begins as a writer waits for its turn instead.
        "transaction_mode": "IMMEDIATE",
        "timeout": 5,
        "init_command": SQLITE_INIT,
    }
