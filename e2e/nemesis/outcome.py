"""What a seed was run with, and what came of it. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import checker
from checker import Record


@dataclass(frozen=True)
class Settings:
    seed: int
    database: str
    injections: int
    nodes: int = 2
    pages: int = 2
    # Between two acts of one device, on average.
    pause_ms: int = 260


@dataclass
class Outcome:
    """What came of one seed."""

    settings: Settings
    injected: Counter[str] = field(default_factory=Counter)
    # Of checker.check: what may not be.
    anomalies: list[checker.Anomaly] = field(default_factory=list)
    sent: int = 0
    stored: int = 0
    acked: int = 0
    indeterminate: int = 0
    refused: int = 0
    deliveries: int = 0
    views: int = 0
    seconds: float = 0.0
    quiet_s: float = 0.0


def count(outcome: Outcome, records: Sequence[Record]) -> None:
    """From the history, what the table wants to know."""
    ops = Counter(record["op"] for record in records)
    sent = {record["id"] for record in records if record["op"] == "send"}
    acked = {record["id"] for record in records if record["op"] == "ack"}
    refused = {record["id"] for record in records if record["op"] == "refused"}
    outcome.sent, outcome.acked, outcome.refused = len(sent), len(acked), len(refused)
    outcome.indeterminate = len(sent - acked - refused)
    outcome.stored = sum(len(log["messages"]) for log in records if log["op"] == "log")
    outcome.deliveries = sum(record["op"] == "heard" and "seq" in record for record in records)
    outcome.views = ops["view"]
