"""Notices what other processes have left for a node: a thread that looks several times a second.

SQLite tells by a number in shared memory that another connection has committed. PostgreSQL is asked for a row by an index that is empty
most of the time. Neither needs a connection of a special kind: LISTEN would not work behind a pooler, and would still need a look now
and then. An intent of this process rings without waiting for the next look.
"""

import threading
from collections.abc import Callable
from typing import Final

from django.db import DatabaseError, InterfaceError, connection

from backchannel.process_log import ProcessLog
from backchannel.store import intents

LOOK_S: Final = 0.1
"""An intent of another process waits at most this long."""
AFTER_TROUBLE_S: Final = 1.0

_log = ProcessLog("backchannel.intents")


class Doorbell:
    def __init__(self, ring: Callable[[], None], look_s: float = LOOK_S) -> None:
        """`ring` is called in the thread."""
        self._ring = ring
        self._look_s = look_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="doorbell", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        pause, was_well = 0.0, True
        while not self._stop.wait(pause):
            pause = self._look_s
            try:
                self._look()
                was_well = True
            except (DatabaseError, InterfaceError) as error:
                if was_well:
                    _log.warning("doorbell_delayed", error=type(error).__name__)
                connection.close()
                self._version = None
                pause, was_well = AFTER_TROUBLE_S, False
        connection.close()

    _version: int | None = None
    """SQLite's, as of the last look."""

    def _look(self) -> None:
        if connection.vendor == "sqlite":
            version = intents.data_version()
            if version == self._version:
                return
            self._version = version
        if any(intents.left()):
            self._ring()
