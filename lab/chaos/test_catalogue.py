"""Each fault has its own name, an end if it lasts, and a target that some run has."""

from __future__ import annotations

from typing import get_args

from lab.chaos.catalogue import BUS_AND_DATABASE, CATALOGUE, DEVICES, KINDS, NETWORK, NODES, PEOPLE, STORES
from lab.chaos.plan import Target, plan

TARGETS = {target: [f"a {target}"] for target in get_args(Target)}


def test_no_two_faults_share_a_name() -> None:
    every = (*NETWORK, *NODES, *BUS_AND_DATABASE, *DEVICES, *STORES, *PEOPLE)
    assert len(CATALOGUE) == len(every)


def test_every_fault_is_planned_by_some_seed() -> None:
    met = {each.kind for each in plan(1, KINDS, TARGETS, 3_000)}
    assert met == set(CATALOGUE)


def test_a_node_dies_at_every_step_of_a_send() -> None:
    places = {"before commit", "after commit", "before publish", "after publish", "after answer"}
    assert {f"node dies {place}" for place in places} <= set(CATALOGUE)
