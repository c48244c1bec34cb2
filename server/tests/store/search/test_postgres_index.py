"""What PostgreSQL does of its own: it ends a statement in time, and keeps few positions of one word."""

from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest
from django.db import connection

from backchannel.search.wanted import wanted_of
from backchannel.store.followers import Stretch
from backchannel.store.search.budget import Budget
from backchannel.store.search.documents import Document, id_at
from backchannel.store.search.index import Asked, Gone, IndexLost
from backchannel.store.search.postgres import DOC, PostgresIndex
from tests.postgres import on_postgres

pytestmark = on_postgres
EPOCH = "an epoch"
ROOM = 2**40


@pytest.fixture
def index(module_database: None) -> Iterator[PostgresIndex]:
    yield PostgresIndex()
    with connection.cursor() as cursor:
        for table in ("doc", "cursor", "meta"):
            cursor.execute(f"DELETE FROM backchannel_search_{table}")


def document(text: str, seq: int) -> Document:
    words = tuple((word, place) for place, word in enumerate(text.split()))
    return Document(uuid4(), ROOM, seq, 24, 1_790_000_000_000_000 + seq, words, ())


def found(index: PostgresIndex, query: str, budget: Budget | None = None) -> list[int] | None:
    """The seqs of the candidates; None if the time was over."""
    with index.reading(EPOCH) as reading:
        asked = Asked(wanted_of(query).terms, [ROOM], None, [])
        step = reading.find(asked, id_at(0), id_at(2**41), 100, budget)
    return [row.seq for row in step.rows] if step.is_whole else None


def test_a_statement_that_takes_too_long_is_ended_and_the_connection_goes_on(index: PostgresIndex) -> None:
    index.write(EPOCH, [Stretch(ROOM, 0, 1)], [document("quokka", 1)], [])
    with psycopg.connect(_conninfo()) as other:
        other.execute(f"LOCK TABLE {DOC} IN ACCESS EXCLUSIVE MODE")
        assert found(index, "quokka", Budget(lambda: 0.0, 0.02)) is None
        other.rollback()
    assert found(index, "quokka", Budget(lambda: 0.0, 1e6)) == [1]
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)


def _conninfo() -> str:
    given = connection.settings_dict
    return psycopg.conninfo.make_conninfo(
        dbname=given["NAME"], user=given["USER"], password=given["PASSWORD"], host=given["HOST"], port=given["PORT"]
    )


def test_a_phrase_is_proposed_where_its_positions_were_not_kept(index: PostgresIndex) -> None:
    many = "noise " * 400 + "the quokka noise"
    index.write(
        EPOCH,
        [Stretch(ROOM, 0, 3)],
        [document(many, 1), document("quokka the noise", 2), document("quokka noise", 3)],
        [],
    )
    assert found(index, '"quokka noise"') == [3, 1]
    assert found(index, '"noise the quokka"') == [1]


def test_a_batch_that_comes_again_or_too_early_writes_nothing(index: PostgresIndex) -> None:
    first = document("quokka", 1)
    index.write(EPOCH, [Stretch(ROOM, 0, 1)], [first], [])
    index.write(EPOCH, [Stretch(ROOM, 1, 2)], [], [Gone(ROOM, first.message)])
    index.write(EPOCH, [Stretch(ROOM, 0, 1)], [first], [])
    assert found(index, "quokka") == []
    for epoch, after in ((EPOCH, 5), ("another", 2)):
        with pytest.raises(IndexLost):
            index.write(epoch, [Stretch(ROOM, after, after + 1)], [], [])


def test_words_are_quoted_whatever_they_hold(index: PostgresIndex) -> None:
    odd = Document(
        uuid4(), ROOM, 1, 24, 1_790_000_000_000_000, (("a'b\\c", 0), ("d''e", 1), ("f:*&|!()<->", 2)), ("x'y",)
    )
    index.write(EPOCH, [Stretch(ROOM, 0, 1)], [odd], [])
    assert found(index, "") == [1]
