"""Checkpoints SQLite's write-ahead log in a thread of its own, so that nobody who waits for a commit waits for that too.

    writer: commit ─▶ answer ─▶ note ─── every so many operations ──▶ this thread: checkpoint

By default SQLite checkpoints within a commit once the log has a thousand pages: two more syncs, and every changed page written,
before the commit returns. A commit is durable once it is in the synced log; when it is copied does not matter.
"""

import threading
from typing import Final

from django.db import DatabaseError, connection

from backchannel.process_log import ProcessLog

EVERY: Final = 1000
"""Operations between two checkpoints. Sent one by one, each writes about five pages of 4 KiB."""
PAUSE_S: Final = 0.5
LOG_PAGES: Final = 16_000
"""64 MiB. If commits follow each other so closely that no checkpoint reaches the log's end, the writer checkpoints at this size, and
the log starts over at its beginning."""

_log = ProcessLog("backchannel.store")


class Checkpoints:
    """The writer calls `note` and `stop`."""

    def __init__(self) -> None:
        self._noted = 0
        self._due = threading.Event()
        self._is_over = threading.Event()
        self._thread: threading.Thread | None = None

    def note(self, operations: int) -> None:
        """Count committed operations, and start a checkpoint when it is due."""
        self._noted += operations
        if self._noted < EVERY or connection.vendor != "sqlite":
            return
        self._noted = 0
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="log-checkpoints", daemon=True)
            self._thread.start()
        self._due.set()

    def stop(self) -> None:
        """Return when no checkpoint is running."""
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
        """Copy as much as possible without blocking a reader or the writer."""
        try:
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
                _, pages, copied = cursor.fetchone()
        except DatabaseError as error:  # the writer meets the same error, and reports it
            _log.info("checkpoint_failed", error=type(error).__name__)
            connection.close()
        else:
            _log.debug("checkpoint", pages=pages, copied=copied)
