"""The tables sum up the seeds and name the command that replays one."""

from __future__ import annotations

from collections import Counter

from lab.chaos.outcome import Outcome, Settings, count, vanished
from lab.chaos.results import as_record, command, tables
from lab.checker.links import Anomaly


def outcome(database: str, **changes: object) -> Outcome:
    made = Outcome(Settings(7, database, 20), Counter({"node killed": 2, "sockets reset": 1}), stored=1200, sent=1203)
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def test_a_failed_seed_names_the_command_that_replays_it() -> None:
    assert command(outcome("sqlite")) == "make faults SEED=7 DATABASE=sqlite INJECTIONS=20 NODES=2 PAUSE_MS=260"


def test_the_tables_add_up_all_seeds() -> None:
    shown = tables([as_record(outcome("sqlite")), as_record(outcome("sqlite")), as_record(outcome("postgres"))])
    assert "| messages stored | 2,400 | 1,200 |" in shown
    assert "| faults injected | 6 | 3 |" in shown
    assert "| node killed | 4 | 2 |" in shown
    assert "| **anomalies** | **0** | **0** |" in shown


def test_an_anomaly_is_counted_and_kept() -> None:
    record = as_record(outcome("postgres", anomalies=[Anomaly("gap", "room 7")]))
    assert record["anomalies"] == ["gap: room 7"]
    assert "| **anomalies** | **1** |" in tables([record])


def a_history() -> list[dict[str, object]]:
    sends = [{"op": "send", "t": float(n), "client": "phone", "room": 7, "id": f"m{n}"} for n in (1, 2, 3)]
    return [
        *sends,
        {"op": "ack", "t": 1.1, "client": "phone", "room": 7, "id": "m1", "seq": 1, "duplicate": False},
        {"op": "received", "t": 1.2, "client": "laptop", "type": "message_created", "room": 7, "seq": 1, "id": "m1"},
        {"op": "refused", "t": 2.1, "client": "phone", "room": 7, "id": "m2", "code": "not_a_member"},
        {"op": "quiet", "reached": True, "waits_for": ""},
        {"op": "log", "room": 7, "messages": [{"id": "m1"}]},
    ]


def test_messages_are_counted_by_their_outcome() -> None:
    counted = outcome("sqlite")
    count(counted, a_history())
    assert (counted.sent, counted.stored, counted.acked, counted.refused) == (3, 1, 1, 1)
    assert (counted.indeterminate, counted.deliveries) == (1, 1)


def test_a_message_neither_stored_nor_refused_vanished_unless_its_device_was_killed_at_once() -> None:
    history = a_history()
    assert [anomaly.detail for anomaly in vanished(history)] == ["m3 of phone in room 7"]
    assert vanished([*history, {"op": "crashed", "t": 3.2, "client": "phone", "keeps_outbox": True}]) == []
    assert vanished([*history, {"op": "crashed", "t": 9.9, "client": "phone", "keeps_outbox": True}]) != []
