"""The table of `workers` in docs/performance.md: what the second worker adds. Kept results in, Markdown out. Pure."""

from __future__ import annotations

from typing import Any

from lab.bench.goals import Results, find
from lab.bench.tables import ms, si, table

WORKS = ("100,000 deliveries", "1,000 sends")
PARTS = ("workers", "redis", "postgres")


def workers(results: Results) -> str:
    """CPU of the same work with one worker and with two, each part's apart; throughput where cores allowed it."""
    rows = [_row(results, work, count) for work in WORKS for count in (1, 2)]
    found = [row for row in rows if row]
    if not found:
        return "Not measured."
    head = ("CPU seconds for", "workers", "members at each", "the workers'", "Redis'", "PostgreSQL's", "all", "p99 ms")
    return "\n\n".join(
        [table(head, found), *filter(None, (_nearness(results, work) for work in WORKS)), _throughput(results)]
    )


def _row(results: Results, work: str, count: int) -> tuple[str, ...] | None:
    case = find(results, "workers", "backchannel", workers=count, work=work)
    if case is None:
        return None
    spread = ", ".join(f"{each:,}" for each in case["members_by_worker"])
    cpu = (f"{case[f'{part}_cpu_s']:.2f}" for part in PARTS)
    mark = "" if case["whole"] else " ¹"
    return (work, str(count), spread, *cpu, f"{_all(case):.2f}", ms(case["p99_ms"]) + mark)


def _all(case: dict[str, Any]) -> float:
    return sum(float(case[f"{part}_cpu_s"]) for part in PARTS)


def _nearness(results: Results, work: str) -> str:
    """Two cores do twice the work of one where the work costs what it costs with one, and less by as much as it costs more."""
    cases = [find(results, "workers", "backchannel", workers=count, work=work) for count in (1, 2)]
    if any(case is None or not case["whole"] for case in cases):
        return ""
    one, two = (_all(case) for case in cases if case)
    own, own_two = (case["workers_cpu_s"] for case in cases if case)
    if not (one and two and own and own_two):
        return ""
    return (
        f"{work}: with the second worker they cost {two / one:.2f} times as much in all, and the workers alone {own_two / own:.2f}"
        f" times: on two cores of their own they would do {2 * own / own_two:.2f} times what one does."
    )


def _throughput(results: Results) -> str:
    shown = []
    for work in WORKS:
        cases = [
            find(results, "workers", "backchannel", workers=count, work=f"{work}, as many as it can")
            for count in (1, 2)
        ]
        shown += [f"{work.split()[-1]} with {case['workers']}: {si(case['per_s'])}/s" for case in cases if case]
    return (
        f"As many as they can: {'; '.join(shown)}."
        if shown
        else "Throughput: not measured, as the machine has too few cores."
    )
