"""On PostgreSQL the writer has its statements parsed and planned once, for any number of messages; not through a pooler."""

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from backchannel.store.driver import PREPARED_AFTER, is_direct, prepare_for_writing
from backchannel.store.listed import among, as_table
from backchannel.store.log import Log
from backchannel.store.operation import Operation
from backchannel.store.transaction import MEMBERSHIP, MESSAGE, Outcome, Transaction, from_db_uuid
from tests.store.conftest import held
from tests.store.making import append, check_gapless, person, room, send

WITHIN_S = 60
ON_POSTGRESQL = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="belongs to the run on PostgreSQL")


class _Query(Operation, frozen=True, kw_only=True):
    """The first column of a query in the writer's session."""

    sql: str

    def apply(self, transaction: Transaction, outcome: Outcome) -> None:
        outcome.result = [value for (value,) in transaction.query(self.sql)]


def _send_together(log: Log, count: int) -> None:
    """`count` people in rooms of their own send in one batch."""
    people = [person() for _ in range(count)]
    rooms = [room(each) for each in people]
    with held(log, people[0]):
        sent = [log.submit(append(room_id, each)) for room_id, each in zip(rooms, people, strict=True)]
    assert {future.result(WITHIN_S).message.seq for future in sent} == {1}
    for room_id in rooms:
        check_gapless(room_id)


@ON_POSTGRESQL
def test_batches_of_any_size_share_their_prepared_statements(log: Log) -> None:
    for count in range(1, PREPARED_AFTER + 3):
        _send_together(log, count)
    texts = log.submit(_Query(actor=person(), sql="SELECT statement FROM pg_prepared_statements")).result(WITHIN_S)
    assert len(texts) == len(set(texts))
    for part in ("FOR NO KEY UPDATE", f"FROM {MESSAGE} WHERE id", f"INSERT INTO {MESSAGE}", "SET head", "unnest"):
        assert [text for text in texts if part in text]
    assert len([text for text in texts if MESSAGE in text]) == 2


@ON_POSTGRESQL
def test_no_plan_that_is_kept_reads_a_whole_table(log: Log) -> None:
    assert log.submit(_Query(actor=person(), sql="SHOW enable_seqscan")).result(WITHIN_S) == ["off"]


@ON_POSTGRESQL
def test_memberships_are_looked_up_row_by_row(log: Log) -> None:
    """A plan that is kept from before PostgreSQL knew how many members there are."""
    owner = person()
    room_id = room(owner)
    for _ in range(PREPARED_AFTER + 3):
        log.submit(append(room_id, owner)).result(WITHIN_S)
    named = f"SELECT name FROM pg_prepared_statements WHERE strpos(statement, '(SELECT state FROM {MEMBERSHIP}') > 0"
    (name,) = log.submit(_Query(actor=owner, sql=named)).result(WITHIN_S)
    explain = _Query(actor=owner, sql=f"EXPLAIN EXECUTE {name} ('{{1}}', '{{1}}', 'member')")
    plan = "\n".join(log.submit(explain).result(WITHIN_S))
    assert "SubPlan" in plan
    assert "Join" not in plan


@ON_POSTGRESQL
def test_prepared_statements_outlive_a_new_column(log: Log) -> None:
    owner = person()
    room_id = room(owner)
    for _ in range(PREPARED_AFTER + 3):
        log.submit(append(room_id, owner)).result(WITHIN_S)
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {MESSAGE} ADD COLUMN for_this_test integer")
    try:
        log.submit(append(room_id, owner)).result(WITHIN_S)
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {MESSAGE} DROP COLUMN for_this_test")
    log.submit(append(room_id, owner)).result(WITHIN_S)
    check_gapless(room_id)


@ON_POSTGRESQL
def test_only_the_writers_own_session_prepares() -> None:
    def threshold() -> Any:
        prepare_for_writing(connection)
        try:
            return connection.connection.prepare_threshold
        finally:
            connection.close()

    connection.ensure_connection()
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(threshold).result(WITHIN_S) == PREPARED_AFTER
    assert connection.connection.prepare_threshold is None


@pytest.mark.parametrize(("announced", "is_the_process"), [(4711, True), (4712, False)])
def test_a_pooler_is_recognised_by_the_number_that_it_gives(announced: int, is_the_process: bool) -> None:
    answer = SimpleNamespace(fetchone=lambda: (4711,))
    session = SimpleNamespace(execute=lambda _: answer, info=SimpleNamespace(backend_pid=announced))
    assert is_direct(session) is is_the_process


def test_a_list_selects_what_it_names() -> None:
    owner = person()
    room_id = room(owner)
    sent = [send(room_id, owner) for _ in range(3)]
    transaction = Transaction(connection, 0)
    ids = [transaction.uuid(id_) for id_ in (sent[0].id, sent[2].id, uuid4())]
    is_named, values = among("id", "uuid", ids, is_postgres=transaction.is_postgres)
    rows = transaction.query(f"SELECT id FROM {MESSAGE} WHERE {is_named}", values)
    assert {from_db_uuid(id_) for (id_,) in rows} == {sent[0].id, sent[2].id}


def test_a_table_has_its_rows() -> None:
    transaction = Transaction(connection, 0)
    rows = [(1, 2**40, 3), (2**40, -5, 6)]
    table, values = as_table("given", ("bigint", "bigint", "integer"), rows, is_postgres=transaction.is_postgres)
    assert transaction.query(f"SELECT column1, column2, column3 FROM {table} ORDER BY column1", values) == rows
