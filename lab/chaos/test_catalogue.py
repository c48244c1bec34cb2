"""Every kind of fault is there once, can be ended if it lasts, and names a target that some run has."""

from __future__ import annotations

from typing import get_args

from lab.chaos.catalogue import BUS_AND_DATABASE, CATALOGUE, DEVICES, KINDS, NETWORK, NODES, PEOPLE, STORES
from lab.chaos.plan import Target, plan

TARGETS = {target: [f"a {target}"] for target in get_args(Target)}


def test_no_two_faults_share_a_name() -> None:
    every = (*NETWORK, *NODES, *BUS_AND_DATABASE, *DEVICES, *STORES, *PEOPLE)
    assert len(CATALOGUE) == len(every)


def test_every_fault_is_met_sooner_or_later() -> None:
    met = {each.kind for each in plan(1, KINDS, TARGETS, 3_000)}
    assert met == set(CATALOGUE)


def test_all_places_of_a_send_are_died_at() -> None:
    places = {"before commit", "after commit", "before publish", "after publish", "after answer"}
    assert {f"node dies {place}" for place in places} <= set(CATALOGUE)
