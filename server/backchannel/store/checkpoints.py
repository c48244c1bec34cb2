"""SQLite's write-ahead log, copied into its file beside the writer instead of in front of those who wait for a commit.

    writer: commit ─▶ answer ─▶ note ─── so many operations later ──▶ this thread: checkpoint

SQLite by itself does it within a commit, once the log has a thousand pages: two more syncs and every page that changed, before
anybody is answered. What is committed is in the log and synced; when it is copied changes nothing of that.
"""

import threading
from typing import Final

import structlog
from django.db import DatabaseError, connection

EVERY: Final = 1000
"""Operations. Sent one by one, each writes about five pages of 4 KiB."""
PAUSE_S: Final = 0.5
LOG_PAGES: Final = 16_000
"""64 MiB: where commits follow each other so closely that no checkpoint comes to the log's end, the writer does one itself, after
which the log begins anew."""

_log = structlog.get_logger("backchannel.store")


class Checkpoints:
    """`note` and `stop` are the writer's."""

    def __init__(self) -> None:
        self._noted = 0
        self._due = threading.Event()
        self._is_over = threading.Event()
        self._thread: threading.Thread | None = None

    def note(self, operations: int) -> None:
        """So many were committed."""
        self._noted += operations
        if self._noted < EVERY or connection.vendor != "sqlite":
            return
        self._noted = 0
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="log-checkpoints", daemon=True)
            self._thread.start()
        self._due.set()

    def stop(self) -> None:
        """Return when no checkpoint is under way."""
        self._is_over.set()
        self._due.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while True:
            self._due.wait()
            if self._is_over.is_set():
                break
            self._due.clear()
            self._copy()
            self._is_over.wait(PAUSE_S)
        connection.close()

    @staticmethod
    def _copy() -> None:
        """As much as can be copied without anybody's waiting."""
        try:
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
                _, pages, copied = cursor.fetchone()
        except DatabaseError as error:  # the writer meets the same trouble, and tells of it
            _log.info("checkpoint_failed", error=type(error).__name__)
            connection.close()
        else:
            _log.debug("checkpoint", pages=pages, copied=copied)
