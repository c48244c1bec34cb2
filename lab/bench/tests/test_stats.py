"""Medians, and what counts as whole."""

from __future__ import annotations

from typing import Any

from lab.bench.stats import is_whole, ratio, summary


def run(**about: Any) -> dict[str, Any]:
    return {
        "phase": "closed", "messages": 10, "done": 10, "expected": 1000, "deliveries": 1000, "acks": 0, "gaps": 0,
        "doubles": 0, "refused": 0, "lost_links": 0, "seconds": 2.0, "server_cpu_s": 1.0, "load_share": 0.5,
        "ms": {"p50": 1.0, "p99": 3.0}, **about,
    }  # fmt: skip


def test_a_summary_is_the_median_of_the_runs() -> None:
    found = summary([run(seconds=1.0), run(seconds=2.0), run(seconds=5.0, ms={"p50": 9.0, "p99": 30.0})])
    assert (found["per_s"], found["per_s_range"]) == (500, [200, 1000])
    assert (found["cpu_s_per_100k"], found["p50_ms"], found["p99_ms"]) == (100.0, 1.0, 3.0)
    assert found["p99_ms_range"] == [3.0, 30.0]


def test_sends_are_counted_by_their_acks() -> None:
    assert summary([run(phase="sends", acks=400)])["per_s"] == 200


def test_a_run_is_whole_where_everything_came_once_and_in_order() -> None:
    assert is_whole(run())
    for fault in ({"deliveries": 999}, {"done": 9}, {"gaps": 1}, {"doubles": 1}, {"refused": 1}, {"lost_links": 1}):
        assert not is_whole(run(**fault)), fault
        assert not summary([run(), run(**fault)])["whole"]


def test_requests_are_whole_without_deliveries() -> None:
    assert is_whole(run(phase="requests", deliveries=0, acks=10))


def test_a_case_in_which_nothing_came_has_no_cost() -> None:
    assert summary([run(deliveries=0, done=0)])["cpu_s_per_100k"] is None


def test_a_ratio_keeps_three_digits_and_needs_both_numbers() -> None:
    assert ratio(1234.5, 100) == 12.3
    assert ratio(None, 1) is ratio(1, None) is ratio(1, 0) is None
