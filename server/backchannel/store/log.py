"""The writer: the one thread of this process that writes to the log.

    submit ─▶ queue (bounded) ─▶ thread: take what is there ─▶ one transaction, synced ─▶ loop: publish all, wake all

Group commit: while one transaction is synced to disk the next one gathers, so that a commit's price is shared by everybody
who waits. Sends and read marks share a transaction; any other change has one of its own. Where a shared transaction fails it
is tried again one by one, so that one bad row costs nobody else. Nothing is acked or published before its commit returned.
"""

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import Any, Final

import msgspec
import structlog
from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError, connection, transaction

from backchannel import failpoints
from backchannel.internal_error import internal_error
from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.shapes import User
from backchannel.store import disk
from backchannel.store.checkpoints import Checkpoints
from backchannel.store.clock import now_us
from backchannel.store.disk import Disk
from backchannel.store.driver import prepare_for_writing
from backchannel.store.read_pool import is_connected, note_loss, settle, trouble, unavailable
from backchannel.store.send import Append, append_messages
from backchannel.store.transaction import WORKSPACE, Change, Outcome, Transaction

Operation = Append | Change

QUEUE_LENGTH: Final = 8192
"""Operations that may wait; one more is refused with 503. At 10,000 a second this is under a second of waiting."""
BATCH: Final = 256
BATCH_CHARACTERS: Final = 64 * 1024
"""Long messages make shorter batches: what one commit brings a reader at once stays below what a reader may be behind."""
LARGE: Final = 32
"""After so many together the next are begun when these are told: the loop is busy with them, and more come together meanwhile."""
TOLD_WITHIN_S: Final = 0.05
"""For a loop that is busy with other things nothing is put off longer."""

_log = structlog.get_logger("backchannel.store")


Answered = Callable[[Outcome], None]


class _Job(msgspec.Struct, eq=False):
    operation: Operation
    answered: Answered
    outcome: Outcome | None = None


class Log:
    """`on_commit` is called on the event loop with the outcomes of each committed batch, in commit order, before anybody
    who waits for one of them goes on. Without a loop (command line, tests) it is called in the writer's thread."""

    def __init__(
        self,
        on_commit: Callable[[Sequence[Outcome]], None],
        queue_length: int = QUEUE_LENGTH,
    ) -> None:
        self._on_commit = on_commit
        self._loop: asyncio.AbstractEventLoop | None = None
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._queue_length = queue_length
        self._entrance = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="log-writer", daemon=True)
        self._closing = False
        self._checkpoints = Checkpoints()
        self.disk = Disk()
        self._trouble = unavailable()
        self._taken = self._told = 0
        self._large_is_told = threading.Event()
        self._large_is_told.set()

    def start(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._loop = loop
        self._thread.start()

    def stop(self) -> None:
        """Refuse what comes from now on, finish what is queued, and return when all of it is committed."""
        with self._entrance:
            self._closing = True
            self._queue.put(None)
        if self._thread.is_alive():
            self._thread.join()

    @property
    def waiting(self) -> int:
        """Operations in the queue."""
        return self._queue.qsize()

    @property
    def is_idle(self) -> bool:
        """Is everything committed and told?"""
        return self._taken == self._told and self._queue.empty()

    def enqueue(self, operation: Operation, answered: Answered) -> None:
        """Queue `operation` in order of arrival, from any thread. `answered` is called once, with its outcome, on the event
        loop (without one: in the writer's thread), after its commit. Raises CommandError: 503 `overloaded`."""
        with self._entrance:
            if self._closing or self._queue.qsize() >= self._queue_length:
                raise _overloaded()
            self._queue.put(_Job(operation, answered))

    async def write(self, operation: Operation) -> Any:
        """Commit `operation` and return its result. Raises CommandError: refused, 503 `overloaded` or `unavailable`."""
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.enqueue(operation, partial(_settle, done))
        return await done

    async def rewrite(self) -> None:
        """See whether anything can be written. Raises CommandError: 503."""
        await self.write(_Rewrite(actor=User(0, "", "")))

    async def settle(self) -> None:
        """Return when everything queued so far is committed and answered. Raises CommandError: 503."""
        await self.write(_Nothing(actor=User(0, "", "")))

    def submit(self, operation: Operation) -> "Future[Any]":
        """For threads: the future is resolved after the commit, or with a CommandError."""
        done: Future[Any] = Future()
        try:
            self.enqueue(operation, partial(_settle, done))
        except CommandError as error:
            done.set_exception(error)
        return done

    def _run(self) -> None:
        job: _Job | None = None
        while job is not None or (job := self._queue.get()) is not None:
            batch, job, stop = self._gather(job)
            self._taken += len(batch)
            if self._commit(batch):
                self._checkpoints.note(len(batch))
            else:
                stop, job = self._give_up(job) or stop, None
            if stop:
                break
            self._large_is_told.wait(TOLD_WITHIN_S)
        self._checkpoints.stop()
        connection.close()

    def _gather(self, first: _Job) -> tuple[list[_Job], _Job | None, bool]:
        """What can be committed together, the job that could not (it opens the next batch), whether the end was seen."""
        batch = [first]
        if not _shares(first.operation):
            return batch, None, False
        size = _size(first.operation)
        with suppress(queue.Empty):
            while len(batch) < BATCH and size < BATCH_CHARACTERS:
                job = self._queue.get_nowait()
                if job is None:
                    return batch, None, True
                if not _shares(job.operation):
                    return batch, job, False
                batch.append(job)
                size += _size(job.operation)
        return batch, None, False

    def _give_up(self, job: _Job | None) -> bool:
        """Answer all that waits, `job` first, as what was just tried; whether the end was seen. Each would wait as long again."""
        waiting = [] if job is None else [job]
        is_end = False
        with suppress(queue.Empty):
            while not is_end:
                job = self._queue.get_nowait()
                is_end = job is None
                if job is not None:
                    waiting.append(job)
        self._taken += len(waiting)
        self._answer(waiting, [Outcome(error=self._trouble) for _ in waiting])
        return is_end

    def _commit(self, batch: list[_Job]) -> bool:
        """False where the database as a whole is away or locked."""
        is_there = True
        was_connected = is_connected()
        try:
            if not was_connected:
                prepare_for_writing(connection)
            outcomes = _commit_looking_twice([job.operation for job in batch])
            self.disk.refused = False
        except Exception as error:  # the thread must outlive whatever an operation does
            note_loss(was_connected)
            is_there = _is_due_to_one(error)
            if len(batch) > 1 and is_there:
                _log.info("batch_retried_one_by_one", operations=len(batch), error=type(error).__name__)
                were_there = [self._commit([job]) for job in batch]  # each is answered, whatever became of another
                return all(were_there)
            self.disk.refused = self.disk.refused or disk.is_full(error)
            told = self._trouble = _told(error)
            outcomes = [Outcome(error=told) for _ in batch]
        self._answer(batch, outcomes)
        return is_there

    def _answer(self, batch: list[_Job], outcomes: list[Outcome]) -> None:
        for job, outcome in zip(batch, outcomes, strict=True):
            job.outcome = outcome
        if self._loop is None:
            self._resolve(batch)
        else:
            if len(batch) >= LARGE:
                self._large_is_told.clear()
            with suppress(RuntimeError):  # the loop is closed: nobody is left to be told
                self._loop.call_soon_threadsafe(self._resolve, batch)

    def _resolve(self, batch: list[_Job]) -> None:
        """The answers are given in the turn of the loop in which the rooms are served: who hears of their own message has
        both in one write, the answer first."""
        self._told += len(batch)
        if self._loop is not None:
            self._loop.call_soon(self._call_back, batch)
        try:
            self._on_commit([job.outcome for job in batch if job.outcome])
        except Exception:  # what is stored is acked, and heard of by its number: a fault in telling strands nobody
            _log.exception("telling_broke")
        if self._loop is None:
            self._call_back(batch)

    def _call_back(self, batch: list[_Job]) -> None:
        for job in batch:
            assert job.outcome is not None
            try:
                job.answered(job.outcome)
            except Exception:
                _log.exception("answering_broke")
        self._large_is_told.set()


class _Rewrite(Change):
    """Writes what is there already, to see whether anything can be written."""

    @property
    def shares_transaction(self) -> bool:
        return True

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        transaction.execute(f"UPDATE {WORKSPACE} SET epoch = epoch WHERE id = 1")


class _Nothing(Change):
    """Takes its place in the queue."""

    @property
    def shares_transaction(self) -> bool:
        return True

    def apply(self, transaction: Transaction, outcome: Outcome) -> None: ...


def _settle(done: "asyncio.Future[Any] | Future[Any]", outcome: Outcome) -> None:
    settle(done, outcome.result, outcome.error)


def _commit_looking_twice(operations: Sequence[Operation]) -> list[Outcome]:
    """Where another node made the same thing this instant, or stood in the way, nothing was written: look once more."""
    try:
        return commit(operations)
    except IntegrityError:
        return commit(operations)
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", None) not in _ROLLED_BACK:
            raise
        return commit(operations)


def _is_due_to_one(error: Exception) -> bool:
    """May the rest of a batch succeed without one of it? Where the database is away, or locked as a whole, each would only wait as
    long once more."""
    if isinstance(error, (OperationalError, InterfaceError)):
        return getattr(error.__cause__, "sqlstate", None) == _ROW_LOCKED
    return True


_ROW_LOCKED: Final = "55P03"
"""PostgreSQL's: somebody keeps a room's row."""
_ROLLED_BACK: Final = frozenset({"40001", "40P01"})
"""PostgreSQL's serialization failure and deadlock: nothing is stored, and it is likely to succeed at once."""


def commit(operations: Sequence[Operation], at_us: int | None = None) -> list[Outcome]:
    """Apply operations in one transaction, in this thread, and return when it is committed and synced.

    `at_us` is for imports: when it happened, where that is not now.

    Raises what the database raises: then nothing of it is stored, or, where the connection broke during the commit itself,
    it is not known; sends are known again by their keys, and no other operation is tried twice.
    """
    with transaction.atomic(durable=True):
        tx = Transaction(connection, at_us or now_us())
        tx.lock_rooms(room_id for operation in operations for room_id in _rooms_of(operation))
        outcomes = _apply(tx, operations)
        tx.finish()
        failpoints.reach("before_commit")
    failpoints.reach("after_commit")
    return outcomes


def _apply(tx: Transaction, operations: Sequence[Operation]) -> list[Outcome]:
    """Changes one by one, neighbouring sends together, all in order."""
    outcomes: list[Outcome] = []
    run: list[Append] = []
    for operation in operations:
        if isinstance(operation, Append):
            run.append(operation)
            continue
        if run:
            outcomes += append_messages(tx, run)
            run = []
        outcome = Outcome()
        try:
            operation.apply(tx, outcome)
        except CommandError as error:
            outcome.error = error
        outcomes.append(outcome)
    return outcomes + (append_messages(tx, run) if run else [])


def _shares(operation: Operation) -> bool:
    return isinstance(operation, Append) or operation.shares_transaction


def _size(operation: Operation) -> int:
    return len(operation.content) if isinstance(operation, Append) else 0


def _rooms_of(operation: Operation) -> tuple[int, ...]:
    return (operation.room_id,) if isinstance(operation, Append) else operation.rooms()


def _overloaded() -> CommandError:
    return CommandError(
        Code.OVERLOADED, "The server is busier than it can bear. Try again in a moment.", retry_after=1.0
    )


def _told(error: Exception) -> CommandError:
    if isinstance(error, CommandError):
        return error
    if isinstance(error, (DatabaseError, InterfaceError)):
        _log.warning("write_failed", error=type(error).__name__, reason=str(error).strip().split("\n")[0])
        told = trouble(error)
        connection.close()
        return told
    return internal_error(_log, "write_broke", error)
