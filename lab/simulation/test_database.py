"""The database of a world starts empty, and fails and interleaves as configured."""

from collections.abc import Iterator
from random import Random

import pytest
from django.db import DatabaseError, connection, transaction

from backchannel.store.driver import driver_of, read
from backchannel.store.transaction import WORKSPACE
from lab.simulation.world.database import Database
from tests import memory_database

INSERT = f"INSERT INTO {WORKSPACE} (id, name, epoch, namespace, created_us) VALUES (%s, 'a', 'e', '', 0)"


@pytest.fixture(autouse=True)
def _installed() -> Iterator[None]:
    with memory_database.installed():
        yield


def insert(id_: int) -> None:
    with transaction.atomic(durable=True):
        driver_of(connection).execute(INSERT, [id_])


def ids() -> list[int]:
    return [row[0] for row in read(f"SELECT id FROM {WORKSPACE} ORDER BY id", [])]


class Chances(Random):
    """Returns the given numbers one after the other."""

    def __init__(self, *numbers: float) -> None:
        super().__init__()
        self._numbers = list(numbers)

    def random(self) -> float:
        return self._numbers.pop(0)


def test_a_world_starts_with_empty_tables() -> None:
    Database(Random(0))
    insert(1)
    Database(Random(0))
    assert ids() == []


def test_a_database_that_is_down_refuses_reads_and_transactions() -> None:
    world = Database(Random(0))
    world.is_down = True
    with pytest.raises(DatabaseError):
        ids()
    with pytest.raises(DatabaseError):
        insert(1)
    world.is_down = False
    assert ids() == []


@pytest.mark.parametrize(("chance", "stored"), [(0.2, []), (0.4, [1]), (0.6, [1])])
def test_a_commit_breaks_before_or_after_it_took_effect(chance: float, stored: list[int]) -> None:
    world = Database(Chances(chance))
    world.breaks_commits = 0.5
    if chance < world.breaks_commits:
        with pytest.raises(DatabaseError):
            insert(1)
    else:
        insert(1)
    assert ids() == stored
    insert_works_afterwards(world)


def insert_works_afterwards(world: Database) -> None:
    world.breaks_commits = 0.0
    insert(9)
    assert 9 in ids()


def test_a_writer_about_to_commit_may_do_so_between_two_statements_of_a_read() -> None:
    world = Database(Chances(0.9, 0.1, 0.0))
    world.interleaves = 0.5

    def land() -> None:
        world.writers_about_to_commit.remove(land)
        insert(1)

    world.writers_about_to_commit.append(land)
    assert (ids(), ids()) == ([], [1])


def test_a_restored_backup_has_what_was_stored_then() -> None:
    world = Database(Random(0))
    insert(1)
    backup = world.back_up()
    insert(2)
    world.restore(backup)
    assert ids() == [1]
