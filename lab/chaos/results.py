"""The tables of a run of many seeds: faults, messages, deliveries, anomalies. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from lab.chaos.outcome import Outcome


def command(outcome: Outcome) -> str:
    """The command that replays one seed."""
    s = outcome.settings
    return f"make faults SEED={s.seed} DATABASE={s.database} INJECTIONS={s.injections} NODES={s.nodes} PAUSE_MS={s.pause_ms}"


def as_record(outcome: Outcome) -> dict[str, Any]:
    """One line of the results file."""
    s = outcome.settings
    return {
        "seed": s.seed,
        "database": s.database,
        "injections": outcome.injected.total(),
        "injected": dict(sorted(outcome.injected.items())),
        "sent": outcome.sent,
        "stored": outcome.stored,
        "acked": outcome.acked,
        "acked_by_http": outcome.acked_by_http,
        "indeterminate": outcome.indeterminate,
        "refused": outcome.refused,
        "deliveries": outcome.deliveries,
        "views": outcome.views,
        "seconds": round(outcome.seconds, 1),
        "quiet_s": round(outcome.quiet_s, 1),
        "anomalies": [str(anomaly) for anomaly in outcome.anomalies],
        "command": command(outcome),
    }


def tables(records: Sequence[dict[str, Any]]) -> str:
    """Markdown: by database, and by kind of fault."""
    databases = sorted({record["database"] for record in records}, reverse=True)
    of = {database: [record for record in records if record["database"] == database] for database in databases}

    def total(database: str, name: str) -> str:
        return f"{sum(record[name] for record in of[database]):,}"

    def row(title: str, cells: Sequence[str]) -> str:
        return f"| {title} | " + " | ".join(cells) + " |"

    def head(title: str) -> list[str]:
        return [row(title, [NAMES[database] for database in databases]), "|---|" + "--:|" * len(databases)]

    lines = head("")
    lines.append(row("seeds", [", ".join(str(record["seed"]) for record in of[database]) for database in databases]))
    for title, name in COUNTS:
        lines.append(row(title, [total(database, name) for database in databases]))
    lines.append(row("**anomalies**", [f"**{sum(len(r['anomalies']) for r in of[d])}**" for d in databases]))
    injected = {
        database: sum((Counter(record["injected"]) for record in of[database]), Counter()) for database in databases
    }
    lines += ["", *head("fault, times injected")]
    for kind in sorted(set().union(*injected.values())):
        lines.append(row(kind, [str(injected[database][kind] or "–") for database in databases]))
    return "\n".join(lines) + "\n"


NAMES = {"postgres": "PostgreSQL, two nodes, Redis", "sqlite": "SQLite, one node"}
COUNTS = (
    ("faults injected", "injections"),
    ("messages written", "sent"),
    ("messages stored", "stored"),
    ("acknowledged to their sender", "acked"),
    ("of these by HTTP", "acked_by_http"),
    ("without an answer (stored or not: both may be)", "indeterminate"),
    ("refused (sent into a room by somebody just removed)", "refused"),
    ("events delivered and checked", "deliveries"),
    ("devices whose screens were compared in the end", "views"),
)
