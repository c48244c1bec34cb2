"""What is broken when comes of the seed alone, and of one target one thing at a time."""

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


def test_a_seed_is_a_plan_and_another_seed_another_one() -> None:
    assert plan(7, KINDS, TARGETS, 50) == plan(7, KINDS, TARGETS, 50)
    assert plan(7, KINDS, TARGETS, 50) != plan(8, KINDS, TARGETS, 50)
    assert len(plan(7, KINDS, TARGETS, 50)) == 50


def test_what_is_not_there_is_not_broken() -> None:
    assert {each.kind for each in plan(1, KINDS, TARGETS, 200)} == {"cut", "silence", "kill"}


def test_of_one_target_one_thing_is_broken_at_a_time() -> None:
    planned = plan(3, KINDS, TARGETS, 300)
    for target in ("phones", "laptops", "node1"):
        mine = [each for each in planned if each.target == target]
        assert all(first.until_s < second.at_s for first, second in pairwise(mine))


def test_something_is_always_about_to_break() -> None:
    planned = plan(3, [KINDS[0]], TARGETS, 300)
    assert all(PAUSE_S[0] <= later.at_s - earlier.at_s <= PAUSE_S[1] for earlier, later in pairwise(planned))


def test_what_lasts_has_an_end_and_ends_before_the_next_thing_begins() -> None:
    first, second = Injection(1.0, "silence", "phones", 2.0, 0.5), Injection(3.0, "cut", "phones", 0.0, 0.5)
    assert [(m.at_s, m.does, m.injection) for m in moments([first, second])] == [
        (1.0, "begin", first),
        (3.0, "end", first),
        (3.0, "begin", second),
    ]
