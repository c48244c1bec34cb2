"""Settings and outcome of one seed. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from lab.checker.links import Anomaly, Record

# A device has written a message to its disk after this time.
DISK_S = 1.0


@dataclass(frozen=True)
class Settings:
    seed: int
    database: str
    injections: int
    nodes: int = 2
    pages: int = 2
    # Between two actions of a device, on average.
    pause_ms: int = 260


@dataclass
class Outcome:
    """The outcome of one seed."""

    settings: Settings
    injected: Counter[str] = field(default_factory=Counter)
    # Broken promises.
    anomalies: list[Anomaly] = field(default_factory=list)
    sent: int = 0
    stored: int = 0
    acked: int = 0
    acked_by_http: int = 0
    indeterminate: int = 0
    refused: int = 0
    deliveries: int = 0
    views: int = 0
    seconds: float = 0.0
    quiet_s: float = 0.0


def count(outcome: Outcome, records: Sequence[Record]) -> None:
    """Fill in the figures of the table from the history."""
    ops = Counter(record["op"] for record in records)
    sent = {record["id"] for record in records if record["op"] == "send"}
    acked = {record["id"] for record in records if record["op"] == "ack"}
    refused = {record["id"] for record in records if record["op"] == "refused"}
    outcome.sent, outcome.acked, outcome.refused = len(sent), len(acked), len(refused)
    outcome.acked_by_http = len(
        {record["id"] for record in records if record["op"] == "ack" and record.get("by") == "http"}
    )
    outcome.indeterminate = len(sent - acked - refused)
    outcome.stored = sum(len(log["messages"]) for log in records if log["op"] == "log")
    outcome.deliveries = sum(record["op"] == "received" and "seq" in record for record in records)
    outcome.views = ops["view"]


def vanished(records: Sequence[Record]) -> list[Anomaly]:
    """Messages that were written and are neither stored nor refused at the end, though every outbox is empty."""
    if not all(record["reached"] for record in records if record["op"] == "quiet"):
        return []
    stored = {message["id"] for log in records if log["op"] == "log" for message in log["messages"]}
    refused = {record["id"] for record in records if record["op"] == "refused"}
    crashes = [(record["client"], record["t"]) for record in records if record["op"] == "crashed"]
    found = []
    for send in records:
        if send["op"] != "send" or send["id"] in stored or send["id"] in refused:
            continue
        # Killed before the message was on its disk.
        if not any(client == send["client"] and 0 <= t - send["t"] < DISK_S for client, t in crashes):
            found.append(Anomaly("vanished", f"{send['id']} of {send['client']} in room {send['room']}"))
    return found
