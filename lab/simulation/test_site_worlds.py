"""What the site's transactions leave is applied once and in order, and what they take back never is, whatever breaks."""

from collections.abc import Iterator
from unittest import mock

import pytest

import backchannel.api  # noqa: F401
from backchannel.store import intents
from backchannel.store.transaction import Transaction
from lab.simulation.seams import installed
from lab.simulation.site_worlds import run


@pytest.fixture(scope="module", autouse=True)
def _model() -> Iterator[None]:
    with installed():
        yield


def wrong(seeds: range) -> dict[int, list[str]]:
    return {seed: found for seed in seeds if (found := run(seed))}


def test_nothing_is_lost_doubled_or_out_of_order() -> None:
    assert wrong(range(10_000, 10_060)) == {}


@pytest.mark.prove
@pytest.mark.parametrize("seeds", [range(at, at + 100) for at in range(0, 1000, 100)], ids=str)
def test_nothing_is_lost_doubled_or_out_of_order_in_any_of_1000_worlds(seeds: range) -> None:
    assert wrong(seeds) == {}


def test_rows_that_are_not_deleted_are_noticed() -> None:
    with mock.patch.object(intents, "delete"):
        assert any("still waits" in line for found in wrong(range(10_000, 10_005)).values() for line in found)


def test_rows_deleted_without_being_applied_are_noticed() -> None:
    def waiting(transaction: Transaction, limit: int) -> list[intents.Waiting]:
        rows = really(transaction, limit)
        intents.delete(transaction, [row.id for row in rows[1:2]])
        return rows[:1] + rows[2:]

    really = intents.waiting
    with mock.patch.object(intents, "waiting", waiting):
        assert wrong(range(10_000, 10_005))


def test_rows_applied_in_another_order_are_noticed() -> None:
    def waiting(transaction: Transaction, limit: int) -> list[intents.Waiting]:
        return really(transaction, limit)[::-1]

    really = intents.waiting
    with mock.patch.object(intents, "waiting", waiting):
        assert wrong(range(10_000, 10_020))
