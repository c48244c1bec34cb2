"""Which event one socket or poll may deliver next. Used by checks.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Record = dict[str, Any]

USER_FRAMES = frozenset({"room_added", "room_removed", "read_state", "notification"})


@dataclass(frozen=True)
class Anomaly:
    """`kind` names the broken promise; `detail` names room, seq, message and client."""

    kind: str
    detail: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.detail}"


class LinkState:
    """Follows one link.

    `next`: for each room the seqs that may come next: one, or two if `room_added` named another position to continue from.
    `fresh`: rooms joined while the link was live. Their first events may overtake the announcement (and are repaired), or may
    still be on their way when a list that includes them arrives. A list that the client did not ask for repairs lost
    announcements: a room may continue from the seq it names.
    """

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

    def receive(self, record: Record) -> list[Anomaly]:
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
        if expected is None:  # it overtook the announcement of the room; another check covers who may receive it
            return []
        is_fresh, self._fresh = room in self._fresh, self._fresh - {room}
        if seq in expected or is_fresh:
            return []
        kind = "doubled" if seq < min(expected) else "lost on the link"
        return [Anomaly(kind, f"{self._name}: {room}/{seq} where {sorted(expected)} was next")]
