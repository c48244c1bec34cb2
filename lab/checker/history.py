"""The records of a history, indexed for the checks."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable

from lab.checker.links import Record

CREATED = "message_created"
Span = tuple[int, float, int, float]
"""A membership: joined at this seq and time, left at this seq and time."""


class History:
    """The records by operation, and what is derived from the stored logs."""

    def __init__(self, records: Iterable[Record]) -> None:
        self.records = list(records)
        self.by_op: dict[str, list[Record]] = defaultdict(list)
        for record in self.records:
            self.by_op[record["op"]].append(record)
        self.logs = {log["room"]: log for log in self.by_op["log"]}
        self.sends = {send["id"]: send for send in self.by_op["send"]}
        self.stored: dict[str, tuple[int, int]] = {
            entry["id"]: (room, entry["seq"])
            for room, log in self.logs.items()
            for entry in log["entries"]
            if entry["type"] == CREATED
        }
        self.was_restored = bool(self.by_op["restored"])
        self.times_inside = {room: _memberships(log) for room, log in self.logs.items()}


def _memberships(log: Record) -> dict[int, list[Span]]:
    """The spans of each user, ascending. A member without a join was in the room from the start."""
    spans: dict[int, list[Span]] = defaultdict(list)
    inside: dict[int, tuple[int, float]] = {}
    known: set[int] = set()
    for entry in log["entries"]:
        user = entry.get("user")
        if entry["type"] == "member_joined":
            known.add(user)
            inside[user] = (entry["seq"], entry["at"])
        elif entry["type"] == "member_left":
            since = inside.pop(user, None if user in known else (0, float("-inf")))
            known.add(user)
            if since is not None:
                spans[user].append((*since, entry["seq"], entry["at"]))
    for user in log["members"]:
        spans[user].append((*inside.get(user, (0, float("-inf"))), sys.maxsize, float("inf")))
    return spans
