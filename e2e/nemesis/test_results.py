"""The table says what happened, and how to see it again."""

from __future__ import annotations

from collections import Counter

import checker
from nemesis.outcome import Outcome, Settings
from nemesis.results import as_record, command, tables


def outcome(database: str, **changes: object) -> Outcome:
    made = Outcome(Settings(7, database, 20), Counter({"node killed": 2, "sockets reset": 1}), stored=1200, sent=1203)
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def test_a_failed_seed_says_how_it_is_run_again() -> None:
    assert command(outcome("sqlite")) == "make faults SEED=7 DATABASE=sqlite INJECTIONS=20 NODES=2"


def test_the_table_adds_up_what_the_seeds_had() -> None:
    shown = tables([as_record(outcome("sqlite")), as_record(outcome("sqlite")), as_record(outcome("postgres"))])
    assert "| messages stored | 2,400 | 1,200 |" in shown
    assert "| faults injected | 6 | 3 |" in shown
    assert "| node killed | 4 | 2 |" in shown
    assert "| **anomalies** | **0** | **0** |" in shown


def test_an_anomaly_is_counted_and_kept() -> None:
    record = as_record(outcome("postgres", anomalies=[checker.Anomaly("gap", "room 7")]))
    assert record["anomalies"] == ["gap: room 7"]
    assert "| **anomalies** | **1** |" in tables([record])
