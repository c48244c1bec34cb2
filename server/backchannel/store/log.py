"""The writer: the one thread of this process that writes to the log.

    enqueue ─▶ queue (bounded) ─▶ thread: gather a batch ─▶ one transaction, synced ─▶ event loop: `deliver` the batch

Group commit: while one transaction is synced to disk, the next batch gathers, so that its operations share the cost of one
commit. Batchable operations (sends, read marks) share a transaction; any other gets its own. If a shared transaction fails, its
operations are retried one by one, so that a bad one fails alone. Nothing is acked or published before its commit has returned.

Longer than 300 lines: queue, thread and commit keep one promise together, nothing is acked before its commit.
"""

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from itertools import groupby
from typing import Any, ClassVar, Final

import msgspec
from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError, connection, transaction

from backchannel import failpoints
from backchannel.counted_histogram import CountedHistogram
from backchannel.internal_error import internal_error
from backchannel.process_log import ProcessLog
from backchannel.protocol.errors import Code, CommandError
from backchannel.store import disk
from backchannel.store.checkpoints import Checkpoints
from backchannel.store.clock import now_us
from backchannel.store.disk import Disk
from backchannel.store.driver import prepare_for_writing
from backchannel.store.operation import NOBODY, Nothing, Operation, result_of
from backchannel.store.read_pool import is_connected, resolve, trouble, unavailable
from backchannel.store.transaction import WORKSPACE, Outcome, Transaction

QUEUE_LENGTH: Final = 8192
"""Operations that may wait; one more is refused with 503. At 10,000 per second this is less than a second of waiting."""
BATCH: Final = 256
BATCH_CHARACTERS: Final = 64 * 1024
"""Long messages make shorter batches, so that one commit does not exceed what a subscriber may be behind."""
_log = ProcessLog("backchannel.store")
_commit_seconds: Final = CountedHistogram(
    "backchannel_commit_seconds",
    "How long a batch took until it was committed and synced.",
    (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
).labels()
_commit_operations: Final = CountedHistogram(
    "backchannel_commit_operations", "Operations that were committed together.", (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
).labels()


Answer = Callable[[Outcome], None]
BeforeCommit = Callable[[Transaction, Sequence[Outcome]], None]


def _nothing() -> None: ...


class Job(msgspec.Struct, eq=False):
    """An operation in the queue. Once it is committed or has failed, `outcome` is set."""

    operation: Operation
    answer: Answer
    outcome: Outcome = msgspec.field(default_factory=Outcome)


class Log:
    """The queue and its thread."""

    def __init__(
        self,
        deliver: Callable[[Sequence[Job]], None],
        queue_length: int = QUEUE_LENGTH,
        on_connection_lost: Callable[[], None] = _nothing,
    ) -> None:
        """`deliver` receives each finished batch on the event loop, in commit order, and answers its jobs. Without a loop
        (command line, tests) it is called in the writer's thread. `on_connection_lost` is called in the writer's thread."""
        self._deliver = deliver
        self._loop: asyncio.AbstractEventLoop | None = None
        self._queue: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._queue_length = queue_length
        self._on_connection_lost = on_connection_lost
        self._accepting = threading.Lock()
        self._accepted = 0
        """Operations queued so far."""
        self._handed_over = 0
        """Operations that `deliver` has received so far."""
        self._thread = threading.Thread(target=self._run, name="log-writer", daemon=True)
        self._is_stopping = False
        self._checkpoints = Checkpoints()
        self.disk = Disk()
        self._trouble = unavailable()
        """The error of the last batch that failed as a whole."""

    def start(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._loop = loop
        self._thread.start()

    def stop(self) -> None:
        """Refuse new operations, finish those in the queue, and return when they are committed."""
        with self._accepting:
            self._is_stopping = True
            self._queue.put(None)
        if self._thread.is_alive():
            self._thread.join()

    @property
    def waiting(self) -> int:
        """Number of operations in the queue."""
        return self._queue.qsize()

    def progress(self) -> tuple[int, int]:
        """How many operations were accepted so far, and how many of them `deliver` has received. They come in the same order."""
        return self._accepted, self._handed_over

    def enqueue(self, operation: Operation, answer: Answer) -> None:
        """Queue `operation`, from any thread, in order of arrival. `answer` is called once with its outcome after the commit, on the event
        loop (without a loop: in the writer's thread). Raises CommandError: 503 `overloaded`."""
        with self._accepting:
            if self._is_stopping or self._queue.qsize() >= self._queue_length:
                raise _overloaded()
            self._accepted += 1
            self._queue.put(Job(operation, answer))

    async def write(self, operation: Operation) -> Any:
        """Commit `operation` and return its result. Raises CommandError: refused, 503 `overloaded` or `unavailable`."""
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.enqueue(operation, partial(_resolve, done))
        return await done

    async def check_writable(self) -> None:
        """Check that a transaction can be committed, by rewriting a row unchanged. Raises CommandError: 503."""
        await self.write(_Rewrite(actor=NOBODY))

    async def wait_committed(self) -> None:
        """Return when everything queued before this call is committed and answered. Raises CommandError: 503."""
        await self.write(Nothing(actor=NOBODY))

    def submit(self, operation: Operation) -> "Future[Any]":
        """`write` for threads: the future gets the result after the commit, or a CommandError."""
        done: Future[Any] = Future()
        try:
            self.enqueue(operation, partial(_resolve, done))
        except CommandError as error:
            done.set_exception(error)
        return done

    def _run(self) -> None:
        job: Job | None = None
        while job is not None or (job := self._queue.get()) is not None:
            batch, job, stop = self._gather(job)
            if self._commit(batch):
                self._checkpoints.note(len(batch))
            else:
                stop, job = self._give_up(job) or stop, None
            if stop:
                break
        self._checkpoints.stop()
        connection.close()

    def _gather(self, first: Job) -> tuple[list[Job], Job | None, bool]:
        """Collect a batch, starting with `first`. Returns it, the job that has to start the next batch, and whether the log is to stop."""
        batch = [first]
        if not first.operation.is_batchable:
            return batch, None, False
        size = first.operation.size
        with suppress(queue.Empty):
            while len(batch) < BATCH and size < BATCH_CHARACTERS:
                job = self._queue.get_nowait()
                if job is None:
                    return batch, None, True
                if not job.operation.is_batchable:
                    return batch, job, False
                batch.append(job)
                size += job.operation.size
        return batch, None, False

    def _give_up(self, job: Job | None) -> bool:
        """The database is away: fail `job` and everything in the queue with the error just met, because each would wait as long again.
        Returns whether the log is to stop."""
        waiting = [] if job is None else [job]
        is_end = False
        with suppress(queue.Empty):
            while not is_end:
                job = self._queue.get_nowait()
                is_end = job is None
                if job is not None:
                    waiting.append(job)
        self._finish(waiting, [Outcome(error=self._trouble) for _ in waiting])
        return is_end

    def _commit(self, batch: list[Job]) -> bool:
        """Commit a batch and answer it. Returns False if the database as a whole is away or locked."""
        is_there = True
        was_connected = is_connected()
        try:
            if not was_connected:
                prepare_for_writing(connection)
            began = time.perf_counter()
            outcomes = _commit_retrying_once([job.operation for job in batch])
            _commit_seconds.observe(time.perf_counter() - began)
            _commit_operations.observe(len(batch))
            self.disk.refused = False
        except Exception as error:  # the thread must survive any operation
            if was_connected and not is_connected():
                self._on_connection_lost()
            is_there = _is_due_to_one_operation(error)
            if len(batch) > 1 and is_there:
                _log.info("batch_retried_one_by_one", operations=len(batch), error=type(error).__name__)
                were_there = [self._commit([job]) for job in batch]  # every job is answered, even if another failed
                return all(were_there)
            self.disk.refused = self.disk.refused or disk.is_full(error)
            self._trouble = _as_command_error(error)
            outcomes = [Outcome(error=self._trouble) for _ in batch]
        self._finish(batch, outcomes)
        return is_there

    def _finish(self, batch: list[Job], outcomes: list[Outcome]) -> None:
        for job, outcome in zip(batch, outcomes, strict=True):
            job.outcome = outcome
        if self._loop is None:
            self._hand_over(batch)
        else:
            with suppress(RuntimeError):  # the loop is closed: nobody awaits the answers
                self._loop.call_soon_threadsafe(self._hand_over, batch)

    def _hand_over(self, batch: list[Job]) -> None:
        self._handed_over += len(batch)
        self._deliver(batch)


class _Rewrite(Operation, frozen=True, kw_only=True):
    """Rewrites a row unchanged, to find out whether the database can be written."""

    is_batchable: ClassVar[bool] = True

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        transaction.execute(f"UPDATE {WORKSPACE} SET epoch = epoch WHERE id = 1")


def _resolve(done: "asyncio.Future[Any] | Future[Any]", outcome: Outcome) -> None:
    resolve(done, outcome.result, outcome.error)


def _commit_retrying_once(operations: Sequence[Operation], *how: Any) -> list[Outcome]:
    """Retry once after a serialization failure or a deadlock: in both cases nothing was written. `how`: of `commit`."""
    try:
        return commit(operations, *how)
    except IntegrityError:
        return commit(operations, *how)
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", None) not in _ROLLED_BACK:
            raise
        return commit(operations, *how)


def commit_here(operation: Operation, at_us: int | None = None, before_commit: BeforeCommit | None = None) -> Any:
    """Commit one operation in this thread, as a writer does. Returns its result. Raises CommandError and nothing else."""
    try:
        (outcome,) = _commit_retrying_once([operation], at_us, before_commit)
    except Exception as error:
        raise _as_command_error(error) from error
    return result_of(outcome)


def _is_due_to_one_operation(error: Exception) -> bool:
    """Whether the rest of the batch may succeed without one of its operations. If the database is away or locked as a whole, retrying
    one by one would only repeat the wait."""
    if isinstance(error, (OperationalError, InterfaceError)):
        return getattr(error.__cause__, "sqlstate", None) == _ROW_LOCKED
    return True


_ROW_LOCKED: Final = "55P03"
"""PostgreSQL's lock_not_available: another transaction holds a room's row."""
_ROLLED_BACK: Final = frozenset({"40001", "40P01"})
"""PostgreSQL's serialization failure and deadlock: nothing is stored, and an immediate retry is likely to succeed."""


def commit(
    operations: Sequence[Operation],
    at_us: int | None = None,
    before_commit: BeforeCommit | None = None,
) -> list[Outcome]:
    """Apply operations in one transaction, in this thread. Returns their outcomes once it is committed and synced.

    `at_us` is for imports: the time of the event, if it is not now. `before_commit` may write what belongs to the outcomes.

    Raises the database's error. Nothing is stored then, unless the connection broke during the commit itself: in that case the
    outcome is unknown. A retried send is recognised by its id; no other operation is retried.
    """
    outcomes = [Outcome() for _ in operations]
    with transaction.atomic(durable=True):
        tx = Transaction(connection, at_us or now_us())
        _lock(tx, operations, outcomes)
        _apply(tx, operations, outcomes)
        tx.finish()
        if before_commit is not None:
            before_commit(tx, outcomes)
        failpoints.reach("before_commit", outcomes)
    failpoints.reach("after_commit", outcomes)
    return outcomes


def _lock(tx: Transaction, operations: Sequence[Operation], outcomes: Sequence[Outcome]) -> None:
    """Lock all rooms of the batch at once, ascending by id, so that two batches cannot deadlock."""
    rooms: set[int] = set()
    for operation, outcome in zip(operations, outcomes, strict=True):
        try:
            rooms.update(operation.rooms_to_lock())
        except CommandError as error:
            outcome.error = error
    tx.lock_rooms(rooms)


def _apply(tx: Transaction, operations: Sequence[Operation], outcomes: Sequence[Outcome]) -> None:
    """Apply in order, consecutive operations of one class together. Skips those already refused."""
    accepted = [pair for pair in zip(operations, outcomes, strict=True) if pair[1].error is None]
    for kind, run in groupby(accepted, key=lambda pair: type(pair[0])):
        kind.apply_all(tx, list(run))


def _overloaded() -> CommandError:
    return CommandError(Code.OVERLOADED, "Server overloaded. Retry in 1 s.", retry_after=1.0)


def _as_command_error(error: Exception) -> CommandError:
    if isinstance(error, CommandError):
        return error
    if isinstance(error, (DatabaseError, InterfaceError)):
        _log.warning("write_failed", error=type(error).__name__, reason=str(error).strip().split("\n")[0])
        translated = trouble(error)
        if not connection.in_atomic_block:
            connection.close()
        return translated
    return internal_error(_log, "write_broke", error)
