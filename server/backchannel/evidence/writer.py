"""The queue of the evidence, and the one thread that writes it.

    event loop ──put──▶ queue (≤ QUEUED) ──every FLUSH_S, ≤ BATCH──▶ one transaction ──▶ verdicts are counted
                          └─ full: dropped and counted

`put` appends to a queue and returns. A database that does not answer costs evidence, never a message: a batch that fails is tried once
more, then dropped. When the disk is full nothing is written until there is space.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final

from backchannel.evidence import metrics, nodes, upkeep
from backchannel.evidence.classify import Verdict
from backchannel.evidence.database import Connected, EvidenceDatabase
from backchannel.evidence.nodes import BEAT_S, NodeState
from backchannel.evidence.pace import write_minute
from backchannel.evidence.rows import Row
from backchannel.evidence.settings import EvidenceSettings
from backchannel.evidence.tables import Tables
from backchannel.process_log import ProcessLog
from backchannel.store import disk
from backchannel.store.clock import now_us
from backchannel.store.driver import Driver

QUEUED: Final = 10_000
BATCH: Final = 500
FLUSH_S: Final = 2.0
"""Short, so that a cause is shown within a few seconds."""
UPKEEP_S: Final = 3600.0
FIRST_UPKEEP_S: Final = 60.0
"""After the start: not while everybody reconnects."""
STEP_PAUSE_S: Final = 0.05
STOPPED_WITHIN_S: Final = 3.0

_log = ProcessLog("backchannel.evidence")


class EvidenceWriter:
    def __init__(
        self,
        database: EvidenceDatabase,
        tables: Tables,
        settings: EvidenceSettings,
        count: Callable[[Sequence[Verdict]], None] = metrics.count_failures,
        state: Callable[[], NodeState] = NodeState,
    ) -> None:
        """`count` and `state`, how this process is, are called in this thread."""
        self.database = database
        self._tables = tables
        self._settings = settings
        self._count = count
        self._state = state
        self._started_us = now_us()
        self._beat_at = 0.0
        self._queue: deque[Row] = deque()
        self._due = threading.Event()
        self._is_over = threading.Event()
        self._connected: Connected | None = None
        self._thread: threading.Thread | None = None
        self._upkeep_at = 0.0

    def start(self) -> None:
        self._upkeep_at = time.monotonic() + FIRST_UPKEEP_S
        self._thread = threading.Thread(target=self._run, name="evidence", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write what is queued, and return; after a moment in any case."""
        self._is_over.set()
        self._due.set()
        if self._thread is not None:
            self._thread.join(STOPPED_WITHIN_S)

    def put(self, row: Row) -> None:
        """From any thread. Never waits."""
        if len(self._queue) >= QUEUED:
            metrics.dropped.inc()
            return
        self._queue.append(row)
        if len(self._queue) >= BATCH:
            self._due.set()

    def wake(self) -> None:
        """Write what is queued soon: somebody is about to look."""
        self._due.set()

    def _run(self) -> None:
        while not self._is_over.is_set():
            self._due.wait(FLUSH_S)
            self._due.clear()
            self.flush()
            if time.monotonic() >= self._beat_at:
                self._beat_at = time.monotonic() + BEAT_S
                self.beat(now_us())
            if time.monotonic() >= self._upkeep_at:
                self._upkeep_at = time.monotonic() + UPKEEP_S
                self.keep_up(now_us())
        self.flush()
        self._disconnect()

    def flush(self) -> None:
        """Write what is queued. In the writer's thread, or where there is none."""
        while self._queue:
            batch = [self._queue.popleft() for _ in range(min(BATCH, len(self._queue)))]
            if _is_disk_full():
                metrics.dropped.inc(len(batch))
                continue
            verdicts = self._attempt(lambda driver, batch=batch: self._tables.write(driver, batch))  # type: ignore[misc]
            if verdicts is None:
                metrics.dropped.inc(len(batch))
            else:
                metrics.written.inc(len(batch))
                self._count(verdicts)

    def beat(self, now: int) -> None:
        """Say that this process is there, and close what others left open. `now`: µs since 1970."""
        if _is_disk_full():
            return
        node, state = self._tables.node, self._state()
        self._attempt(lambda driver: nodes.beat(driver, node, self._started_us, now, state))
        self._attempt(lambda driver: write_minute(driver, node, now, state.pace))
        self._attempt(lambda driver: nodes.close_lost(driver, self._tables.words, now))

    def keep_up(self, now: int) -> None:
        """Roll up and delete. `now`: µs since 1970."""
        settings, words = self._settings, self._tables.words
        last = self._attempt(lambda driver: (upkeep.last_rolled(driver),))
        for hour in upkeep.hours_due(last[0], now) if last else []:
            self._attempt(lambda driver, hour=hour: upkeep.roll_up(driver, words, hour))  # type: ignore[misc]
        while True:
            deleted = self._attempt(lambda driver: upkeep.delete_step(driver, now, settings.days, settings.rows))
            if not deleted or self._is_over.wait(STEP_PAUSE_S):
                break
        self._attempt(lambda driver: upkeep.forget_old(driver, words, now, settings.days))

    def _attempt(self, work: Callable[[Driver], Any]) -> Any:
        """One transaction, tried twice; None if it failed."""
        for tries_left in (1, 0):
            try:
                if self._connected is None:
                    self._connected = self.database.connect()
                with self._connected.transaction() as driver:
                    return work(driver)
            except Exception as error:
                self._tables.words.forget()
                self._disconnect()
                if not tries_left:
                    _log.warning(
                        "evidence_not_written", error=type(error).__name__, reason=str(error).split("\n")[0][:200]
                    )
        return None

    def _disconnect(self) -> None:
        connected, self._connected = self._connected, None
        if connected is not None:
            try:
                connected.close()
            except Exception as error:
                _log.info("evidence_not_closed", error=type(error).__name__)


def _is_disk_full() -> bool:
    """Then no evidence is written: the remaining space is reserved for messages."""
    found = disk.space()
    return found is not None and found.is_full
