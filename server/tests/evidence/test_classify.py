"""The cause of an attempt's end follows from what both sides saw of it: each case of the table, and an answer for all others."""

import json
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backchannel.evidence.causes import Cause, Stage
from backchannel.evidence.classify import Reached, Sighting, Verdict, classify, is_idle_cut
from backchannel.protocol.reports import AttemptReport, Ended
from tests.protocol.vectors import ROOT

CASES = json.loads((ROOT / "protocol/vectors/causes.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=[case["why"] for case in CASES])
def test_both_sides_are_joined_into_a_cause(case: dict[str, Any]) -> None:
    client = msgspec.convert(case["client"], AttemptReport | None)
    server = msgspec.convert(case["server"], Sighting | None)
    verdict = classify(client, server, case.get("lives_s", ()))
    assert verdict == Verdict(Stage(case["stage"]), Cause(case["cause"]) if case["cause"] else None)


def test_every_cause_and_every_stage_has_a_case() -> None:
    assert {case["cause"] for case in CASES} == {None, *Cause}
    assert {case["stage"] for case in CASES} == set(Stage)


CLIENTS = st.none() | st.builds(
    AttemptReport,
    took=st.lists(st.integers(0, 10**5), max_size=4),
    ended=st.sampled_from(get_args(Ended)),
    code=st.none() | st.integers(0, 4999),
    age=st.just(0),
    lived=st.integers(0, 10**8),
    hidden=st.booleans(),
    slept=st.integers(0, 10**6),
    offline=st.booleans(),
    http=st.none() | st.booleans(),
)
SERVERS = st.none() | st.builds(
    Sighting,
    reached=st.sampled_from(Reached),
    status=st.integers(100, 599),
    received=st.integers(0, 3),
    code=st.none() | st.integers(1000, 4999),
    reason=st.sampled_from(["", "behind", "silent", "link_lost", "client_gone", "restart"]),
)


@given(CLIENTS, SERVERS, st.lists(st.floats(0, 10**5), max_size=8))
def test_any_two_observations_have_an_answer(
    client: AttemptReport | None, server: Sighting | None, lives_s: list[float]
) -> None:
    verdict = classify(client, server, lives_s)
    assert verdict.stage in Stage
    assert verdict.cause is None or verdict.cause in Cause


@given(CLIENTS)
def test_a_stripped_upgrade_is_named_whatever_the_client_says(client: AttemptReport | None) -> None:
    assert classify(client, Sighting(Reached.NO_UPGRADE, 426)).cause is Cause.UPGRADE_STRIPPED


@given(st.lists(st.floats(5, 10**5), min_size=1, max_size=2))
def test_fewer_than_three_lives_are_no_pattern(lives_s: list[float]) -> None:
    assert not is_idle_cut(lives_s)
