"""The page's generated parts: nothing measured is an answer too, and what is written by hand stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lab.bench import page, plots, scaling
from lab.bench.goals import find, verdicts
from lab.bench.results import Bench, read
from lab.bench.rows import ROWS

CASE: dict[str, Any] = {
    "server": "backchannel", "per_s": 2_000_000, "cpu_s_per_100k": 0.07, "p50_ms": 2.0, "p99_ms": 9.0, "whole": True,
}  # fmt: skip


def result(*cases: dict[str, Any]) -> dict[str, Any]:
    return {
        "machine": {"processor": "A", "cores": "2", "memory": "24 GiB", "kernel": "6", "virtual": "no"},
        "versions": {"python": "3.11"}, "at": "2026", "quick": False, "missing": [], "cases": list(cases),
    }  # fmt: skip


def test_the_page_has_every_generated_part_and_is_filled_without_results() -> None:
    text = page.PAGE.read_text()
    assert {match[2] for match in page.PART.finditer(text)} == set(page.PARTS)
    page.fill(text, dict.fromkeys(ROWS))
    plots.pictures(dict.fromkeys(ROWS))


def test_what_is_written_by_hand_stays_and_filling_twice_changes_nothing() -> None:
    text = "by hand\n<!-- made: start -->\nold\n<!-- end -->\nby hand too\n"
    once = page.fill(text, {"start": None})
    assert once.startswith("by hand\n")
    assert once.endswith("by hand too\n")
    assert "old" not in once
    assert page.fill(once, {"start": None}) == once


def test_a_goal_without_a_measurement_is_neither_met_nor_missed() -> None:
    assert {verdict.met for verdict in verdicts({})} == {None}


def test_a_goal_is_met_by_the_ratio_within_one_run() -> None:
    peer = {**CASE, "server": "nats-server", "per_s": 1_000_000}
    about = {"members": 1000, "window": 8}
    found = {each.goal: each.met for each in verdicts({"fanout": result({**CASE, **about}, {**peer, **about})})}
    assert found["deliveries/s ≥ 1.5 × nats-server"] is True
    slower = {**peer, **about, "per_s": 1_900_000}
    found = {each.goal: each.met for each in verdicts({"fanout": result({**CASE, **about}, slower)})}
    assert found["deliveries/s ≥ 1.5 × nats-server"] is False


def test_what_a_case_is_about_outlives_being_kept(tmp_path: Path) -> None:
    bench = Bench("growth", folder=tmp_path)
    bench.add("backchannel", {key: CASE[key] for key in CASE if key != "server"}, grows="members", at=10)
    assert find({"growth": read("growth", tmp_path)}, "growth", "backchannel", grows="members", at=10)


def test_a_run_that_lost_something_meets_no_goal_of_time() -> None:
    case = {**CASE, "rate": 800, "whole": False}
    assert [each.met for each in verdicts({"even": result(case)}) if each.goal == "p99 < 25 ms"] == [None]


def test_a_second_worker_is_shown_by_cost_and_by_throughput_only_with_enough_cores() -> None:
    def case(workers: int, cpu: float, **more: Any) -> dict[str, Any]:
        about = {"workers": workers, "work": "1,000 sends", "members_by_worker": [256 // workers] * workers}
        return {**CASE, **about, "workers_cpu_s": cpu, "redis_cpu_s": 0.0, "postgres_cpu_s": 0.2, **more}

    text = scaling.workers({"workers": result(case(1, 0.2), case(2, 0.25))})
    assert "| 1,000 sends | 2 | 128, 128 | 0.25 | 0.00 | 0.20 | 0.45 |" in text
    assert (
        "1.12 times as much in all, and the workers alone 1.25 times: on two cores of their own they would do 1.60"
        in text
    )
    assert "too few cores" in text
    full = {"work": "1,000 sends, as many as it can"}
    text = scaling.workers({"workers": result(case(1, 0.2), case(2, 0.25, whole=False), case(2, 0.25, **full))})
    assert "sends with 2: 2M/s" in text
    assert "linear" not in text
    assert "times as much" not in text
