"""Backchannel: chat that keeps talking when the WebSocket does not."""

__version__ = "0.1.0"

# FULL syncs the log at each commit; with NORMAL a power cut loses acked messages.
# Every reading thread has a connection with a page cache, in front of the system's: the frequent reads touch less than 512 KiB.
SQLITE_INIT = (
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY; "
    "PRAGMA cache_size=-512"
)


def sqlite_options() -> dict[str, object]:
    """`DATABASES["default"]["OPTIONS"]` for SQLite: commits are synced to the disk, and writers wait for each other."""
    return {
        # A transaction that reads and then writes fails at once if another wrote in between, whatever the timeout.
        # One that begins as a writer waits instead.
        "transaction_mode": "IMMEDIATE",
        "timeout": 5,
        "init_command": SQLITE_INIT,
    }
