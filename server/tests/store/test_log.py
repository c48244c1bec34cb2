"""The writer: every ack is stored exactly once, under concurrency and failures."""

import random
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, OperationalError, connection, connections, transaction

from backchannel.commands.add_reaction import AddReaction
from backchannel.commands.delete_message import DeleteMessage
from backchannel.commands.delivery import Delivery
from backchannel.commands.edit_message import EditMessage
from backchannel.commands.mark_read import MarkRead
from backchannel.commands.update_room import UpdateRoom
from backchannel.protocol.errors import Code, CommandError
from backchannel.store.log import BATCH, Log
from backchannel.store.models import Event, Person, Room
from backchannel.store.models import Message as MessageRow
from backchannel.store.operation import Operation
from backchannel.store.transaction import Outcome, Transaction
from tests.store.conftest import NewLog, held
from tests.store.making import append, check_gapless, do, outcome, person, room, send

WITHIN_S = 60


def nodes(new_log: NewLog) -> list[Log]:
    """Several writers on PostgreSQL, as with several nodes; one on SQLite."""
    return [new_log() for _ in range(3 if connection.vendor == "postgresql" else 1)]


def insistently(log: Log, operation: Any) -> Any:
    """Retries with the same id, as a client does, while the error may pass."""
    while True:
        try:
            return log.submit(operation).result(WITHIN_S)
        except CommandError as error:
            if error.code is not Code.UNAVAILABLE:
                raise


def test_concurrent_writers_leave_no_gap_and_every_ack_is_true(new_log: NewLog) -> None:
    writers = nodes(new_log)
    people = [person() for _ in range(4)]
    rooms = [room(people[0], *people[1:]) for _ in range(3)]
    seeds = {room_id: send(room_id, people[0]) for room_id in rooms}

    def work(number: int) -> list[Any]:
        chance = random.Random(number)
        acked = []
        for turn in range(25):
            log, who, room_id = chance.choice(writers), chance.choice(people), chance.choice(rooms)
            kind = chance.randrange(10)
            if kind == 0:
                insistently(
                    log,
                    AddReaction(actor=who, message_id=seeds[room_id].id, emoji=f"{number}.{turn}"[:8]),
                )
            elif kind == 1:
                insistently(log, MarkRead(actor=who, room_id=room_id, seq=chance.randrange(100)))
            elif kind == 2:
                insistently(log, UpdateRoom(actor=who, room_id=room_id, name=None, topic=f"{number}.{turn}"))
            else:
                named = f"@{chance.choice(people).username} {number}.{turn}"
                acked.append(insistently(log, append(room_id, who, named)).message)
        return acked

    with ThreadPoolExecutor(8) as threads:
        acked = [message for each in threads.map(work, range(8)) for message in each]
    for room_id in rooms:
        check_gapless(room_id)
    stored = {row.pk: row for row in MessageRow.objects.filter(room_id__in=rooms)}
    assert len(stored) == len(acked) + len(rooms)
    for message in acked:
        row = stored[message.id]
        assert (row.room_id, row.seq, row.content, row.sender_id) == (
            message.room_id, message.seq, message.content, message.sender.id
        )  # fmt: skip


def test_one_id_sent_concurrently_is_one_message(new_log: NewLog) -> None:
    writers = nodes(new_log)
    ada, ben = person(), person()
    room_id = room(ada, ben)
    ids = [uuid4() for _ in range(10)]
    barrier = threading.Barrier(8)

    def work(number: int) -> list[tuple[UUID, bool, int]]:
        barrier.wait()
        results = [insistently(writers[number % len(writers)], append(room_id, ada, f"{id_}", id=id_)) for id_ in ids]
        return [(result.message.id, result.duplicate, result.message.seq) for result in results]

    with ThreadPoolExecutor(8) as threads:
        answers = [answer for each in threads.map(work, range(8)) for answer in each]
    assert Counter(id_ for id_, duplicate, _ in answers if not duplicate) == dict.fromkeys(ids, 1)
    assert len({(id_, seq) for id_, _, seq in answers}) == len(ids)
    assert MessageRow.objects.filter(room_id=room_id).count() == len(ids)
    check_gapless(room_id)


def test_one_id_in_one_batch_is_one_message(log: Log) -> None:
    ada = person()
    room_id, id_ = room(ada), uuid4()
    with held(log, ada):
        futures = [log.submit(append(room_id, ada, id=id_)) for _ in range(5)]
    results = [future.result(WITHIN_S) for future in futures]
    assert [result.duplicate for result in results] == [False, True, True, True, True]
    assert len({result.message.seq for result in results}) == 1


@pytest.mark.parametrize("in_one_batch", [True, False])
def test_an_id_of_another_message_is_refused(log: Log, in_one_batch: bool) -> None:
    ada, ben = person(), person()
    here, there = room(ada, ben), room(ada, ben)
    id_ = uuid4()
    quoted = send(here, ada)
    first = append(here, ada, "First.", id=id_)
    others = [
        append(here, ada, "Second.", id=id_),
        append(there, ada, "First.", id=id_),
        append(here, ben, "First.", id=id_),
        append(here, ada, "First.", id=id_, reply_to=quoted.id),
    ]
    if in_one_batch:
        with held(log, ada):
            futures = [log.submit(each) for each in (first, *others)]
    else:
        futures = [log.submit(first)]
        futures[0].result(WITHIN_S)
        futures += [log.submit(each) for each in others]
    assert futures[0].result(WITHIN_S).message.content == "First."
    for future in futures[1:]:
        with pytest.raises(CommandError) as caught:
            future.result(WITHIN_S)
        assert caught.value.code is Code.ID_REUSED
    assert MessageRow.objects.get(pk=id_).content == "First."


def test_an_id_is_recognised_after_edits_deletion_and_removal() -> None:
    ada = person()
    room_id = room(ada)
    message = send(room_id, ada, "First.")
    do(EditMessage(actor=ada, message_id=message.id, content="Second.", base_seq=None))
    again = do(append(room_id, ada, "First.", id=message.id))
    assert (again.duplicate, again.message.content) == (True, "Second.")
    do(DeleteMessage(actor=ada, message_id=message.id))
    again = do(append(room_id, ada, "First.", id=message.id))
    assert (again.duplicate, again.message.content, again.message.deleted) == (True, "", True)
    assert outcome(append(room_id, ada, "Second.", id=message.id)).error.code is Code.ID_REUSED  # type: ignore[union-attr]


class Breaking(Operation, frozen=True, kw_only=True):
    """Fails in the middle of a batch, after writing."""

    is_batchable: ClassVar[bool] = True

    error: Exception

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        transaction.execute("UPDATE backchannel_person SET display_name = 'written' WHERE id = %s", [self.actor.id])
        raise self.error


class BreakingAlone(Breaking, frozen=True, kw_only=True):
    is_batchable: ClassVar[bool] = False


@pytest.mark.parametrize(
    ("error", "code"), [(ValueError("a bug"), Code.INTERNAL), (DatabaseError("trouble"), Code.UNAVAILABLE)]
)
def test_a_failing_operation_does_not_affect_its_batch(log: Log, error: Exception, code: Code) -> None:
    ada = person()
    room_id = room(ada)
    with held(log, ada):
        before = [log.submit(append(room_id, ada)) for _ in range(3)]
        broken = log.submit(Breaking(actor=ada, error=error))
        after = [log.submit(append(room_id, ada)) for _ in range(3)]
    assert [future.result(WITHIN_S).message.seq for future in (*before, *after)] == [1, 2, 3, 4, 5, 6]
    with pytest.raises(CommandError) as caught:
        broken.result(WITHIN_S)
    assert caught.value.code is code
    assert Person.objects.get(pk=ada.id).display_name == ada.display_name
    check_gapless(room_id)


def test_a_refused_operation_does_not_affect_its_batch(log: Log) -> None:
    ada, stranger = person(), person()
    room_id = room(ada)
    with held(log, ada):
        futures = [log.submit(append(room_id, who)) for who in (ada, stranger, ada)]
        futures.append(log.submit(append(2**40, ada)))
    assert [futures[0].result(WITHIN_S).message.seq, futures[2].result(WITHIN_S).message.seq] == [1, 2]
    assert [future.exception(WITHIN_S).code for future in (futures[1], futures[3])] == [  # type: ignore[union-attr]
        Code.NOT_A_MEMBER, Code.ROOM_NOT_FOUND
    ]  # fmt: skip


def test_a_full_queue_is_refused_at_once(new_log: NewLog) -> None:
    log = new_log(queue_length=3)
    ada = person()
    room_id = room(ada)
    with held(log, ada):
        queued = [log.submit(append(room_id, ada)) for _ in range(3)]
        refused = log.submit(append(room_id, ada))
        assert refused.done()
    error = refused.exception()
    assert isinstance(error, CommandError)
    assert (error.code, error.retry_after) == (Code.OVERLOADED, 1.0)
    assert [future.result(WITHIN_S).message.seq for future in queued] == [1, 2, 3]


def test_stopping_commits_what_is_queued_and_refuses_the_rest(new_log: NewLog) -> None:
    log = new_log()
    ada = person()
    room_id = room(ada)
    with held(log, ada):
        queued = [log.submit(append(room_id, ada)) for _ in range(300)]
        queued.append(log.submit(UpdateRoom(actor=ada, room_id=room_id, name="Last", topic=None)))
        stopping = threading.Thread(target=log.stop)
        stopping.start()
    stopping.join(WITHIN_S)
    assert all(future.done() and future.exception() is None for future in queued)
    assert Room.objects.get(pk=room_id).head == 301
    error = log.submit(append(room_id, ada)).exception(0)
    assert isinstance(error, CommandError)
    assert error.code is Code.OVERLOADED


def test_every_caller_is_answered_whenever_the_writer_stops(new_log: NewLog) -> None:
    ada = person()
    room_id = room(ada)
    for _ in range(10):
        log = new_log()
        futures: list[Future[Any]] = []
        start = threading.Barrier(2)

        def submit(log: Log = log, futures: list[Future[Any]] = futures, start: threading.Barrier = start) -> None:
            start.wait()
            futures += [log.submit(append(room_id, ada)) for _ in range(50)]

        sending = threading.Thread(target=submit)
        sending.start()
        start.wait()
        log.stop()
        sending.join()
        for future in futures:
            error = future.exception(WITHIN_S)
            assert error is None or (isinstance(error, CommandError) and error.code is Code.OVERLOADED)
    check_gapless(room_id)


def test_commits_are_published_in_order_before_callers_are_answered(new_log: NewLog) -> None:
    ada = person()
    room_id = room(ada)
    published: list[int] = []
    futures: list[Future[Any]] = []
    early: list[int] = []

    def on_commit(outcomes: Sequence[Outcome]) -> None:
        for each in outcomes:
            published.extend(logged.seq for logged in each.events)
        early.extend(future.result().message.seq for future in list(futures) if future.done())
        assert set(early) <= set(published)

    log = new_log(on_commit)
    futures.extend(log.submit(append(room_id, ada)) for _ in range(50))
    for future in futures:
        future.result(WITHIN_S)
    assert published == list(range(1, 51))


def test_a_log_counts_what_it_accepts_and_what_it_hands_over(new_log: NewLog) -> None:
    log = new_log()
    ada = person()
    room_id = room(ada)
    assert log.progress() == (0, 0)
    with held(log, ada):
        futures = [log.submit(append(room_id, ada)) for _ in range(3)]
        futures.append(log.submit(BreakingAlone(actor=ada, error=ValueError())))
        accepted, handed_over = log.progress()
        assert (accepted - handed_over) >= 4
    log.stop()
    assert all(future.done() for future in futures)
    assert log.progress() == (accepted, accepted)


def test_batches_are_bounded_in_number_and_length(new_log: NewLog) -> None:
    batches: list[int] = []
    log = new_log(lambda outcomes: batches.append(len(outcomes)))
    ada = person()
    room_id = room(ada)
    with held(log, ada):
        futures = [log.submit(append(room_id, ada, "x")) for _ in range(2 * BATCH)]
        futures += [log.submit(append(room_id, ada, "x" * 16_000)) for _ in range(10)]
    assert [future.result(WITHIN_S).message.seq for future in futures] == list(range(1, len(futures) + 1))
    assert batches == [1, BATCH, BATCH, 5, 5]


def test_a_failure_in_publishing_leaves_no_caller_unanswered(new_log: NewLog) -> None:
    def on_commit(_: Sequence[Outcome]) -> None:
        raise RuntimeError("a fault in a listener")

    log = new_log(on_commit)
    ada = person()
    room_id = room(ada)
    assert [log.submit(append(room_id, ada)).result(WITHIN_S).message.seq for _ in range(3)] == [1, 2, 3]


def test_a_failure_in_one_callers_answer_does_not_affect_others(log: Log) -> None:
    ada = person()
    room_id = room(ada)

    def break_down(_: Outcome) -> None:
        raise RuntimeError("a fault in a waiter")

    with held(log, ada):
        log.enqueue(append(room_id, ada), break_down)
        other = log.submit(append(room_id, ada))
    assert other.result(WITHIN_S).message.seq == 2


def test_a_message_whose_caller_gave_up_is_stored_and_published(new_log: NewLog) -> None:
    published: list[int] = []
    log = new_log(lambda outcomes: published.extend(logged.seq for each in outcomes for logged in each.events))
    ada = person()
    room_id = room(ada)
    with held(log, ada):
        given_up = log.submit(append(room_id, ada))
        assert given_up.cancel()
        other = log.submit(append(room_id, ada))
    assert other.result(WITHIN_S).message.seq == 2
    assert published == [1, 2]


@contextmanager
def somebody_else_holds(room_id: int) -> Iterator[None]:
    """Holds another connection's lock: on the whole database on SQLite, on the room on PostgreSQL."""
    other = connections.create_connection("default")
    other.inc_thread_sharing()
    try:
        with other.cursor() as cursor:
            if other.vendor == "postgresql":
                cursor.execute("BEGIN")
                cursor.execute("SELECT 1 FROM backchannel_room WHERE id = %s FOR UPDATE", [room_id])
            else:
                cursor.execute("BEGIN IMMEDIATE")
            yield
            cursor.execute("ROLLBACK")
    finally:
        other.close()


def test_a_locked_database_is_reported_and_recovers(new_log: NewLog, monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor == "sqlite":
        monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 0.1)
    log = new_log()
    ada = person()
    room_id, id_ = room(ada), uuid4()
    with somebody_else_holds(room_id):
        error = log.submit(append(room_id, ada, id=id_)).exception(WITHIN_S)
    assert isinstance(error, CommandError)
    assert (error.code, error.retry_after) == (Code.UNAVAILABLE, 1.0)
    assert not MessageRow.objects.filter(pk=id_).exists()
    result = log.submit(append(room_id, ada, id=id_)).result(WITHIN_S)
    assert (result.duplicate, result.message.seq) == (False, 1)


def test_a_locked_room_does_not_block_other_rooms_for_good(new_log: NewLog, monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor == "sqlite":
        monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 0.1)
    log = new_log()
    ada = person()
    locked, free = room(ada), room(ada)
    operations = [append(locked, ada), *(append(free, ada) for _ in range(3))]
    with somebody_else_holds(locked):
        futures = [log.submit(each) for each in operations]
        errors = [future.exception(WITHIN_S) for future in futures]
    assert [error.code for error in errors if isinstance(error, CommandError)] == [Code.UNAVAILABLE] * (
        1 if connection.vendor == "postgresql" else 4  # SQLite's lock is one for all rooms
    )
    assert [insistently(log, each).message.seq for each in operations] == [1, 1, 2, 3]


def test_mutual_mentions_on_two_nodes_do_not_deadlock(new_log: NewLog) -> None:
    """An insert takes a weak lock on its sender's row, a mention on its target's: too strong locks would deadlock."""
    writers = nodes(new_log)
    ada, ben = person(), person()
    rooms = room(ada, ben), room(ada, ben)
    for _ in range(40):
        futures = [
            writers[0].submit(append(rooms[0], ada, f"@{ben.username}")),
            writers[-1].submit(append(rooms[1], ben, f"@{ada.username}")),
        ]
        assert all(future.exception(WITHIN_S) is None for future in futures)


def test_a_connection_that_broke_is_replaced(log: Log) -> None:
    ada = person()
    room_id = room(ada)
    log.submit(append(room_id, ada)).result(WITHIN_S)
    broken = log.submit(BreakingAlone(actor=ada, error=_CloseFirst())).exception(WITHIN_S)
    assert isinstance(broken, CommandError)
    assert log.submit(append(room_id, ada)).result(WITHIN_S).message.seq == 2


class _CloseFirst(DatabaseError):
    """As if the server had closed the connection."""

    def __init__(self) -> None:
        super().__init__("server closed the connection unexpectedly")


def test_a_version_is_assigned_once_under_concurrent_writes(new_log: NewLog) -> None:
    writers = nodes(new_log)
    ada, ben = person(), person()
    rooms = [room(ada, ben) for _ in range(3)]
    start = Person.objects.get(pk=ben.id).version
    published: list[int] = []
    for log in writers:
        log._deliver = Delivery(  # the writer's thread calls it
            lambda outcomes: published.extend(
                each.version for outcome in outcomes for each in outcome.updates if each.user_id == ben.id
            )
        )

    def work(number: int) -> None:
        for _ in range(20):
            insistently(writers[number % len(writers)], append(rooms[number % 3], ada, f"@{ben.username}"))

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(work, range(6)))
    assert sorted(published) == list(range(start + 1, start + 121))
    assert Person.objects.get(pk=ben.id).version == start + 120


def test_a_transaction_that_fails_leaves_nothing(log: Log) -> None:
    ada = person()
    room_id = room(ada)
    error = log.submit(BreakingAlone(actor=ada, error=ValueError())).exception(WITHIN_S)
    assert isinstance(error, CommandError)
    assert Event.objects.filter(room_id=room_id).count() == 0
    assert Person.objects.get(pk=ada.id).display_name == ada.display_name
    with transaction.atomic():
        assert Room.objects.get(pk=room_id).head == 0


def test_an_absent_database_is_awaited_once_per_batch(new_log: NewLog, monkeypatch: pytest.MonkeyPatch) -> None:
    log = new_log()
    actor = person()
    room_id = room(actor)
    tried: list[int] = []

    def away(operations: Sequence[Any]) -> list[Outcome]:
        tried.append(len(operations))
        raise OperationalError("database is locked")

    with held(log, actor):
        sent = [log.submit(append(room_id, actor)) for _ in range(20)]
        sent += [log.submit(UpdateRoom(actor=actor, room_id=room_id, name=None, topic="T")) for _ in range(5)]
        sent += [log.submit(append(room_id, actor)) for _ in range(5)]
        monkeypatch.setattr("backchannel.store.log.commit", away)
    for future in sent:
        with pytest.raises(CommandError) as caught:
            future.result(WITHIN_S)
        assert caught.value.code is Code.UNAVAILABLE
    assert tried == [20]
