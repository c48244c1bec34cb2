"""A plan depends on the seed alone, and has one fault of each target at a time."""

from __future__ import annotations

from itertools import pairwise

from lab.chaos.plan import PAUSE_S, Injection, Kind, Target, moments, plan

KINDS = [
    Kind("cut", "network"),
    Kind("silence", "network", (1.0, 6.0)),
    Kind("kill", "node", (0.5, 9.0), weight=3.0),
    Kind("lock", "sqlite", (1.0, 2.0)),
]
TARGETS: dict[Target, list[str]] = {"network": ["phones", "laptops"], "node": ["node1"], "sqlite": []}


def test_each_seed_has_its_own_plan() -> None:
    assert plan(7, KINDS, TARGETS, 50) == plan(7, KINDS, TARGETS, 50)
    assert plan(7, KINDS, TARGETS, 50) != plan(8, KINDS, TARGETS, 50)
    assert len(plan(7, KINDS, TARGETS, 50)) == 50


def test_faults_without_a_target_are_not_planned() -> None:
    assert {each.kind for each in plan(1, KINDS, TARGETS, 200)} == {"cut", "silence", "kill"}


def test_faults_of_one_target_do_not_overlap() -> None:
    planned = plan(3, KINDS, TARGETS, 300)
    for target in ("phones", "laptops", "node1"):
        mine = [each for each in planned if each.target == target]
        assert all(first.until_s < second.at_s for first, second in pairwise(mine))


def test_pauses_between_faults_are_short() -> None:
    planned = plan(3, [KINDS[0]], TARGETS, 300)
    assert all(PAUSE_S[0] <= later.at_s - earlier.at_s <= PAUSE_S[1] for earlier, later in pairwise(planned))


def test_a_lasting_fault_ends_before_the_next_of_its_target_starts() -> None:
    first, second = Injection(1.0, "silence", "phones", 2.0, 0.5), Injection(3.0, "cut", "phones", 0.0, 0.5)
    assert [(m.at_s, m.does, m.injection) for m in moments([first, second])] == [
        (1.0, "begin", first),
        (3.0, "end", first),
        (3.0, "begin", second),
    ]
