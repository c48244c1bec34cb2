"""Every query finds on this database what the naive reference finds, in its order, however far the index has come."""

from random import Random

import pytest

from tests.reading import run_read
from tests.store.search import naive
from tests.store.search.corpus import queries
from tests.store.search.world import World, build

MESSAGES = 160
QUERIES = 330


@pytest.fixture(scope="module")
def world(module_database: None) -> World:
    return build(Random(7), MESSAGES)


def check(world: World, asked: list[str]) -> int:
    notes = world.notes()
    found = 0
    for query in asked:
        expected = naive.search(query, notes)
        assert world.all_ids(query) == expected, query
        found += bool(expected)
    return found


async def test_every_query_finds_what_the_reference_finds_before_and_after_indexing(world: World) -> None:
    asked = queries(Random(1), QUERIES)
    assert len(asked) >= 300
    assert await run_read(check, world, asked[::7]) > 10  # nothing is indexed
    assert (await run_read(world.page, "x")).behind > MESSAGES
    await run_read(world.catch_up)
    assert (await run_read(world.page, "x")).behind == 0
    assert await run_read(check, world, asked) > 150
