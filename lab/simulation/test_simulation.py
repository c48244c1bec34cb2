"""A few seeds and mutants; `make simulate` runs thousands."""

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest

from lab.simulation import mutants
from lab.simulation.run import run
from lab.simulation.seams import installed

SEEDS = range(1_000_000, 1_000_060)


@pytest.fixture(scope="module", autouse=True)
def _model() -> Iterator[None]:
    with installed():
        yield


@pytest.mark.parametrize("seeds", [SEEDS[at : at + 20] for at in range(0, len(SEEDS), 20)], ids=str)
def test_no_seed_has_an_anomaly(seeds: range) -> None:
    wrong = {seed: found for seed in seeds if (found := run(seed).anomalies)}
    assert wrong == {}


def test_a_seed_gives_the_same_history_every_time() -> None:
    def digest() -> str:
        return hashlib.sha256(run(SEEDS[3], keep_history=True).history.encode()).hexdigest()

    assert digest() == digest()


@pytest.mark.parametrize(
    "name", ["published_before_the_commit", "removed_members_stay_subscribed", "a_gap_is_not_repaired"]
)
def test_a_mutant_is_caught(name: str) -> None:
    mutant = next(each for each in mutants.MUTANTS if each.name == name)

    def adjust(plan: Any) -> None:
        mutants.adjust(plan, mutant)

    with mutant.breaks():
        assert any(run(seed, adjust=adjust).anomalies for seed in range(mutants.FIRST, mutants.FIRST + 20))
