"""The file of the index on SQLite: what is erased is gone from it, and nothing depends on it."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from backchannel.store.followers import Stretch
from backchannel.store.search.documents import Document, id_at, next_id
from backchannel.store.search.index import Asked, Gone, IndexLost
from backchannel.store.search.sqlite import SqliteIndex
from backchannel.store.search.sqlite_file import file_beside

EPOCH = "epoch"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "search.sqlite3"


def document(word: str, seq: int, message: UUID | None = None) -> Document:
    words = tuple((each, place) for place, each in enumerate(word.split()))
    return Document(message or uuid4(), 7, seq, 24, 1_790_000_000_000_000 + seq, words, ())


def everything(file: Path) -> bytes:
    return b"".join(path.read_bytes() for path in file.parent.iterdir() if not path.name.endswith("-shm"))


@pytest.mark.parametrize("how", ["deleted", "edited"])
def test_erased_words_are_gone_from_the_file(file: Path, how: str) -> None:
    index = SqliteIndex(file)
    secret = document("xylophonesecret other words", 1)
    others = [document(f"common{number} words and more of them", number + 2) for number in range(400)]
    index.write(EPOCH, [Stretch(7, 0, 401)], [secret, *others], [])
    assert b"ophonesecret" in everything(file)
    if how == "deleted":
        index.write(EPOCH, [Stretch(7, 401, 402)], [], [Gone(7, secret.message)])
    else:
        index.write(EPOCH, [Stretch(7, 401, 402)], [document("nothing", 1, secret.message)], [])
    for _ in range(100):
        index.tend()
        with closing(sqlite3.connect(file)) as database:
            if not database.execute("SELECT erased FROM meta").fetchone()[0]:
                break
    assert b"ophonesecret" not in everything(file)
    with index.reading(EPOCH) as reading:
        step = reading.find(Asked([], [7], None, []), id_at(0), id_at(2**41), 1000, None)
    assert len(step.rows) == (400 if how == "deleted" else 401)


def test_without_its_file_an_index_is_empty_and_lost(file: Path) -> None:
    index = SqliteIndex(file)
    for write in (False, True):
        with index.reading(EPOCH) as reading:
            assert (reading.cursors([7]), reading.bounds()) == ({}, None)
        with pytest.raises(IndexLost):
            index.check(EPOCH)
        with pytest.raises(IndexLost):
            index.write(EPOCH, [Stretch(7, 3, 4)], [], [])
        if not write:
            index.write(EPOCH, [Stretch(7, 0, 1)], [document("x", 1)], [])
            index.check(EPOCH)
            for path in file.parent.iterdir():
                os.unlink(path)


def test_a_damaged_file_is_lost_and_replaced(file: Path) -> None:
    class Known:
        """What `clear` needs of a transaction."""

        def query(self, _: str) -> list[tuple[str]]:
            return [(EPOCH,)]

    index = SqliteIndex(file)
    index.write(EPOCH, [Stretch(7, 0, 1)], [document("x", 1)], [])
    file.write_bytes(b"this is no database, whatever its name says" * 500)
    with index.reading(EPOCH) as reading:
        assert reading.bounds() is None
    with pytest.raises(IndexLost):
        index.check(EPOCH)
    with pytest.raises(IndexLost):
        index.tend()
    with pytest.raises(IndexLost):
        index.write(EPOCH, [Stretch(7, 1, 2)], [], [])
    index.clear(Known())  # type: ignore[arg-type]
    index.write(EPOCH, [Stretch(7, 0, 1)], [document("x", 1)], [])
    index.check(EPOCH)


def test_the_file_lies_beside_the_database() -> None:
    assert file_beside("/data/backchannel.sqlite3") == Path("/data/search.sqlite3")
    assert file_beside("/site/db.sqlite3") == Path("/site/db-search.sqlite3")


def test_numbers_are_in_the_order_of_time() -> None:
    early, late = next_id(1_790_000_000_000_999, None), next_id(1_790_000_000_001_000, None)
    assert early < next_id(1_790_000_000_000_000, early) < late
