"""What one socket or poll may say next: a part of checker.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Record = dict[str, Any]

USER_FRAMES = frozenset({"room_added", "room_removed", "read_state", "notification"})


@dataclass(frozen=True)
class Anomaly:
    """`kind` is one of the words below; `detail` names room, seq, message and client."""

    kind: str
    detail: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.detail}"


class LinkState:
    """`next`: for each room the seqs that may come next: one, or two where `room_added` named another place to go on from.
    `fresh`: rooms entered while the link was live; their first events may have overtaken the news of it (and are repaired), or
    be on their way still when a list that contains them comes. A list that comes unasked while the link is live makes good
    what was lost of the news of rooms: a room may go on from where it says."""

    def __init__(self, link: Record) -> None:
        self._name = f"{link['client']} on {link['transport']} {link['link']}"
        self._resume = link["resume"]
        self._epoch: str | None = None
        self._version = 0
        self.next: dict[int, set[int]] = {}
        self._fresh: set[int] = set()
        self._is_live = False
        if self._resume and link["transport"] == "poll":
            self._begin()

    def _begin(self) -> None:
        self.next = {int(room): {cursor + 1} for room, cursor in self._resume["rooms"].items()}

    def hear(self, record: Record) -> list[Anomaly]:
        word = record["type"]
        if word in USER_FRAMES:
            if record["version"] <= self._version:
                return [Anomaly("reordered", f"{self._name}: version {record['version']} after {self._version}")]
            self._version = record["version"]
        match word:
            case "hello":
                self.next = {}
                if self._resume and self._resume["epoch"] == record["epoch"]:
                    self._begin()
            case "room_list":
                self._version = max(self._version, record["version"])
                listed = {int(room): seq for room, seq in record["rooms"].items()}
                if self._is_live:
                    self._fresh |= listed.keys() - self.next.keys()
                self.next = {
                    room: self.next.get(room, set()) | ({seq + 1} if self._is_live or room not in self.next else set())
                    for room, seq in listed.items()
                }
            case "caught_up":
                self._is_live = True
            case "room_reset":
                self.next[record["room"]] = {record["seq"] + 1}
            case "room_added":
                self._fresh.add(record["room"])
                self.next.setdefault(record["room"], set()).add(record["seq"] + 1)
            case "room_removed":
                self.next.pop(record["room"], None)
            case "notification" | "read_state" | "ping":
                pass
            case _:
                return self._event(record["room"], record["seq"])
        return []

    def _event(self, room: int, seq: int) -> list[Anomaly]:
        expected = self.next.get(room)
        self.next[room] = {seq + 1, *(other for other in expected or () if other > seq)}
        if expected is None:  # the room's news was overtaken; whether it may be heard at all is looked at elsewhere
            return []
        is_fresh, self._fresh = room in self._fresh, self._fresh - {room}
        if seq in expected or is_fresh:
            return []
        kind = "doubled" if seq < min(expected) else "lost on the link"
        return [Anomaly(kind, f"{self._name}: {room}/{seq} where {sorted(expected)} was next")]
