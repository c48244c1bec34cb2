"""Who is online, as seen by this node and all others. Pure: time is an argument, what has to be sent is returned.

    a device connects or leaves here ─▶ PresenceReport ─▶ every node, this one included ─▶ receive ─▶ what is shown here

A person has devices (the instance of a socket or of a poller), each online or away. A person is online if one device is, away if all
are, and offline without devices. A device that disconnects is kept for GRACE_S, so that a reconnect, a reload or the time between two
polls changes nothing.

Every node reports what it sees of a person to all nodes. Shown is the best state that any node reports. A node that reports nothing
for NODE_GONE_S is taken for dead, and its reports are dropped.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal

from backchannel.protocol.shapes import PresenceState

GRACE_S: Final = 15.0
REPORT_ALL_S: Final = 15.0
NODE_GONE_S: Final = 45.0

_RANK: Final[dict[PresenceState, int]] = {"offline": 0, "away": 1, "online": 2}


@dataclass(slots=True)
class _Device:
    state: Literal["online", "away"] = "online"
    links: int = 0
    """Open sockets and polling sessions: two while one takes over from the other."""


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
    reported_at: float
    states: dict[int, PresenceState] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PresenceReport:
    """A person's presence at one node."""

    user_id: int
    state: PresenceState
    rooms: tuple[int, ...]
    """The person's small rooms; their members are sent changes."""


class _Elsewhere:
    """Small room → those of its members whom another node reported last as present there."""

    def __init__(self) -> None:
        self._people: dict[int, set[int]] = {}
        self._rooms: dict[int, tuple[int, ...]] = {}

    def note(self, report: PresenceReport) -> None:
        rooms = () if report.state == "offline" else report.rooms
        before = self._rooms.get(report.user_id, ())
        if rooms == before:
            return
        for room_id in before:
            people = self._people[room_id]
            people.discard(report.user_id)
            if not people:
                del self._people[room_id]
        for room_id in rooms:
            self._people.setdefault(room_id, set()).add(report.user_id)
        if rooms:
            self._rooms[report.user_id] = rooms
        else:
            del self._rooms[report.user_id]

    def people_in(self, room_ids: Iterable[int]) -> set[int]:
        return (
            set().union(*(self._people[room] for room in room_ids if room in self._people)) if self._people else set()
        )


class Presence:
    def __init__(self, node: str) -> None:
        """`node`: the name of this process among the nodes."""
        self.node = node
        self._people: dict[int, _Person] = {}
        self._leaving: dict[tuple[int, str], float] = {}
        """(user, device) without a link → when it is dropped."""
        self._nodes: dict[str, _Node] = {}
        self._shown: dict[int, PresenceReport] = {}
        self._elsewhere = _Elsewhere()
        self._reported_all_at = 0.0

    # -- what happens here; the reports returned go to all nodes

    def arrive(self, user_id: int, device: str, rooms: tuple[int, ...]) -> list[PresenceReport]:
        """A link of this device opened."""
        person = self._people.setdefault(user_id, _Person())
        before, person.rooms = person.state, rooms
        entry = person.devices.setdefault(device, _Device())
        entry.links += 1
        self._leaving.pop((user_id, device), None)
        return self._reports(user_id, person, before)

    def leave(self, user_id: int, device: str, now: float) -> None:
        """A link of this device closed. `tick` drops the device if no other link opens within the grace."""
        person = self._people.get(user_id)
        entry = person and person.devices.get(device)
        if not entry:
            return
        entry.links -= 1
        if entry.links <= 0:
            self._leaving[user_id, device] = now + GRACE_S

    def set_state(self, user_id: int, device: str | None, state: Literal["online", "away"]) -> list[PresenceReport]:
        """The person came back to the device or left it alone. `device` None: all of the person's devices."""
        person = self._people.get(user_id)
        if person is None:
            return []
        before = person.state
        for name, entry in person.devices.items():
            if device is None or name == device:
                entry.state = state
        return self._reports(user_id, person, before)

    def tick(self, now: float) -> list[PresenceReport]:
        """Drop devices whose grace is over; every REPORT_ALL_S report everybody, for nodes that started since."""
        reports: list[PresenceReport] = []
        for user_id, device in [key for key, until in self._leaving.items() if until <= now]:
            del self._leaving[user_id, device]
            person = self._people[user_id]
            before = person.state
            del person.devices[device]
            reports += self._reports(user_id, person, before)
            if not person.devices:
                del self._people[user_id]
        if now - self._reported_all_at >= REPORT_ALL_S:
            self._reported_all_at = now
            reports += [PresenceReport(user_id, person.state, person.rooms) for user_id, person in self._people.items()]
        return reports

    @staticmethod
    def _reports(user_id: int, person: _Person, before: PresenceState) -> list[PresenceReport]:
        return [PresenceReport(user_id, person.state, person.rooms)] if person.state != before else []

    # -- what any node reports; the reports returned are the changes of what is shown

    def receive(self, node: str, report: PresenceReport, now: float) -> list[PresenceReport]:
        """A report from a node, this one or another."""
        entry = self._nodes.setdefault(node, _Node(now))
        entry.reported_at = now
        if report.state == "offline":
            entry.states.pop(report.user_id, None)
        else:
            entry.states[report.user_id] = report.state
        if node != self.node:
            self._elsewhere.note(report)
        return self._reshow([report])

    def forget_nodes(self, now: float) -> list[PresenceReport]:
        """Drop the reports of nodes that have been silent for too long."""
        gone = [n for n, node in self._nodes.items() if now - node.reported_at > NODE_GONE_S and n != self.node]
        people = {user_id for name in gone for user_id in self._nodes[name].states}
        for name in gone:
            del self._nodes[name]
        return self._reshow(self._shown[user_id] for user_id in people if user_id in self._shown)

    def state_of(self, user_id: int) -> PresenceState:
        shown = self._shown.get(user_id)
        return shown.state if shown else "offline"

    def people_elsewhere(self, room_ids: Iterable[int]) -> set[int]:
        """Members of any of these small rooms who may be present at other nodes. `state_of` knows whether they still are."""
        return self._elsewhere.people_in(room_ids)

    def _reshow(self, reports: Iterable[PresenceReport]) -> list[PresenceReport]:
        changes = []
        for report in reports:
            user_id = report.user_id
            states = [node.states[user_id] for node in self._nodes.values() if user_id in node.states]
            state: PresenceState = max(states, key=_RANK.__getitem__, default="offline")
            if state == self.state_of(user_id):
                continue
            person = self._people.get(user_id)
            # The same tuple in every part of the process, not a copy for each.
            rooms = person.rooms if person and person.rooms == report.rooms else report.rooms
            change = PresenceReport(user_id, state, rooms)
            if state == "offline":
                del self._shown[user_id]
            else:
                self._shown[user_id] = change
            changes.append(change)
        return changes
