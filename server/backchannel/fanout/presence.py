"""Who is there, on this node and the others. Pure: time is an argument, what is to be told is returned.

A person has devices (a socket's instance, a poller's instance); each is online or away. A person is online where one device
is, away where all are, offline where there is none. A device that goes is kept for GRACE_S, so that a reconnect, a reload or
the moment between two polls shows nothing.

Every node tells all nodes, itself included, what it sees of a person; what is shown is the best of what they all see. A node
that tells nothing for NODE_GONE_S is gone, and what it saw with it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal

from backchannel.protocol.shapes import PresenceState

GRACE_S: Final = 15.0
TELL_ALL_S: Final = 15.0
NODE_GONE_S: Final = 45.0

_RANK: Final[dict[PresenceState, int]] = {"offline": 0, "away": 1, "online": 2}


@dataclass(slots=True)
class _Device:
    state: Literal["online", "away"] = "online"
    links: int = 0


@dataclass(slots=True)
class _Person:
    """Somebody with a device on this node."""

    devices: dict[str, _Device] = field(default_factory=dict)
    rooms: tuple[int, ...] = ()

    @property
    def state(self) -> PresenceState:
        states = {device.state for device in self.devices.values()}
        return "online" if "online" in states else "away" if states else "offline"


@dataclass(slots=True)
class _Node:
    heard_at: float
    seen: dict[int, PresenceState] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PresenceReport:
    """What one node sees of a person. `rooms`: the small rooms whose members are told."""

    user_id: int
    state: PresenceState
    rooms: tuple[int, ...]


class Presence:
    """`node`: this process's own name among the nodes."""

    def __init__(self, node: str) -> None:
        self.node = node
        self._people: dict[int, _Person] = {}
        self._leaving: dict[tuple[int, str], float] = {}
        self._nodes: dict[str, _Node] = {}
        self._shown: dict[int, PresenceReport] = {}
        self._told_all_at = 0.0

    # -- what happens here; the reports returned are for all nodes

    def arrive(self, user_id: int, device: str, rooms: tuple[int, ...]) -> list[PresenceReport]:
        """A link of this device opened."""
        person = self._people.setdefault(user_id, _Person())
        before, person.rooms = person.state, rooms
        entry = person.devices.setdefault(device, _Device())
        entry.links += 1
        self._leaving.pop((user_id, device), None)
        return self._reports(user_id, person, before)

    def leave(self, user_id: int, device: str, now: float) -> None:
        """A link of this device closed; noticed by `tick` when no other comes within the grace."""
        person = self._people.get(user_id)
        entry = person and person.devices.get(device)
        if not entry:
            return
        entry.links -= 1
        if entry.links <= 0:
            self._leaving[user_id, device] = now + GRACE_S

    def set_state(self, user_id: int, device: str | None, state: Literal["online", "away"]) -> list[PresenceReport]:
        """A person came back to a device or left it alone. No device named: all of the person's."""
        person = self._people.get(user_id)
        if person is None:
            return []
        before = person.state
        for name, entry in person.devices.items():
            if device is None or name == device:
                entry.state = state
        return self._reports(user_id, person, before)

    def tick(self, now: float) -> list[PresenceReport]:
        """Drop the devices whose grace is over; now and then tell everything, for nodes that came later."""
        reports: list[PresenceReport] = []
        for user_id, device in [key for key, until in self._leaving.items() if until <= now]:
            del self._leaving[user_id, device]
            person = self._people[user_id]
            before = person.state
            del person.devices[device]
            reports += self._reports(user_id, person, before)
            if not person.devices:
                del self._people[user_id]
        if now - self._told_all_at >= TELL_ALL_S:
            self._told_all_at = now
            reports += [PresenceReport(user_id, person.state, person.rooms) for user_id, person in self._people.items()]
        return reports

    @staticmethod
    def _reports(user_id: int, person: _Person, before: PresenceState) -> list[PresenceReport]:
        return [PresenceReport(user_id, person.state, person.rooms)] if person.state != before else []

    # -- what any node tells; the reports returned are what is shown from now on

    def hear(self, node: str, report: PresenceReport, now: float) -> list[PresenceReport]:
        """A node, this one or another, tells what it sees."""
        entry = self._nodes.setdefault(node, _Node(now))
        entry.heard_at = now
        if report.state == "offline":
            entry.seen.pop(report.user_id, None)
        else:
            entry.seen[report.user_id] = report.state
        return self._reshow([report])

    def forget_nodes(self, now: float) -> list[PresenceReport]:
        """Nodes that have been silent for too long saw nobody."""
        gone = [name for name, node in self._nodes.items() if now - node.heard_at > NODE_GONE_S and name != self.node]
        people = {user_id for name in gone for user_id in self._nodes[name].seen}
        for name in gone:
            del self._nodes[name]
        return self._reshow(self._shown[user_id] for user_id in people if user_id in self._shown)

    def state_of(self, user_id: int) -> PresenceState:
        shown = self._shown.get(user_id)
        return shown.state if shown else "offline"

    def _reshow(self, reports: Iterable[PresenceReport]) -> list[PresenceReport]:
        changes = []
        for report in reports:
            user_id = report.user_id
            states = [node.seen[user_id] for node in self._nodes.values() if user_id in node.seen]
            state: PresenceState = max(states, key=_RANK.__getitem__, default="offline")
            if state == self.state_of(user_id):
                continue
            person = self._people.get(user_id)
            # Of those who are here every part of the process keeps the same rooms, not a copy for each.
            rooms = person.rooms if person and person.rooms == report.rooms else report.rooms
            change = PresenceReport(user_id, state, rooms)
            if state == "offline":
                del self._shown[user_id]
            else:
                self._shown[user_id] = change
            changes.append(change)
        return changes
