"""Medians and ratios of what the load generator measured. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

Answer = Mapping[str, Any]


def summary(runs: Sequence[Answer]) -> dict[str, Any]:
    """Medians over the runs of one case, the range of what varies most, and whether every run was whole.

    `per_s` counts deliveries where a phase has any, else acks; `cpu_s_per_100k` is the server's CPU time for 100,000
    of them; `others_cores` is how many cores something else on the machine kept busy meanwhile.
    """
    counted = "deliveries" if any(run["deliveries"] for run in runs) and runs[0]["phase"] != "sends" else "acks"
    rates = [run[counted] / run["seconds"] if run["seconds"] else 0.0 for run in runs]
    costs = [run["server_cpu_s"] * 100_000 / run[counted] for run in runs if run[counted]]
    return {
        "runs": len(runs),
        "per_s": round(median(rates)),
        "per_s_range": [round(min(rates)), round(max(rates))],
        "cpu_s_per_100k": round(median(costs), 4) if costs else None,
        "p50_ms": round(median(run["ms"]["p50"] for run in runs), 3),
        "p99_ms": round(median(run["ms"]["p99"] for run in runs), 3),
        "p99_ms_range": [
            round(min(run["ms"]["p99"] for run in runs), 3),
            round(max(run["ms"]["p99"] for run in runs), 3),
        ],
        "load_share": round(max(run["load_share"] for run in runs), 3),
        "others_cores": round(median(run.get("others_cpu_s", 0.0) / (run["seconds"] or 1) for run in runs), 2),
        "whole": all(is_whole(run) for run in runs),
    }


def is_whole(run: Answer) -> bool:
    """Whether everything arrived, once and in order, on every connection, and nothing was refused or cut."""
    return bool(
        run["done"] == run["messages"]
        and run["gaps"] == run["doubles"] == run["refused"] == run["lost_links"] == 0
        and (run["phase"] == "requests" or run["deliveries"] == run["expected"])
    )


def ratio(one: float | None, other: float | None) -> float | None:
    """`one` over `other`, to three digits that count; None where either is not known or there is nothing to divide by."""
    if not one or not other:
        return None
    return float(f"{one / other:.3g}")
