"""Who is there. Pure: time is an argument, changes are returned.

A person has devices (a socket's instance, a poller's instance); each is online or away. A person is online where one device
is, away where all are, offline where there is none. A device that goes is kept for GRACE_S, so that a reconnect, a reload or
the moment between two polls shows nothing.
"""

from dataclasses import dataclass, field
from typing import Final, Literal

from backchannel.protocol.shapes import PresenceState

GRACE_S: Final = 15.0


@dataclass(slots=True)
class _Device:
    state: Literal["online", "away"] = "online"
    links: int = 0


@dataclass(slots=True)
class _Person:
    devices: dict[str, _Device] = field(default_factory=dict)
    rooms: tuple[int, ...] = ()
    shown: PresenceState = "offline"


@dataclass(frozen=True, slots=True)
class Change:
    user_id: int
    state: PresenceState
    rooms: tuple[int, ...]


class Presence:
    def __init__(self) -> None:
        self._people: dict[int, _Person] = {}
        self._leaving: dict[tuple[int, str], float] = {}

    def arrive(self, user_id: int, device: str, rooms: tuple[int, ...]) -> list[Change]:
        """A link of this device opened. `rooms`: the small rooms whose members see this person."""
        person = self._people.setdefault(user_id, _Person())
        person.rooms = rooms
        entry = person.devices.setdefault(device, _Device())
        entry.links += 1
        self._leaving.pop((user_id, device), None)
        return self._changed(user_id, person)

    def leave(self, user_id: int, device: str, now: float) -> None:
        """A link of this device closed; noticed by `tick` when no other comes within the grace."""
        person = self._people.get(user_id)
        entry = person and person.devices.get(device)
        if not entry:
            return
        entry.links -= 1
        if entry.links <= 0:
            self._leaving[user_id, device] = now + GRACE_S

    def set_state(self, user_id: int, device: str | None, state: Literal["online", "away"]) -> list[Change]:
        """A person came back to a device or left it alone. No device named: all of the person's."""
        person = self._people.get(user_id)
        if person is None:
            return []
        for name, entry in person.devices.items():
            if device is None or name == device:
                entry.state = state
        return self._changed(user_id, person)

    def tick(self, now: float) -> list[Change]:
        """Drop the devices whose grace is over. Call once a second or so."""
        over = [key for key, until in self._leaving.items() if until <= now]
        changes: list[Change] = []
        for user_id, device in over:
            del self._leaving[user_id, device]
            person = self._people[user_id]
            del person.devices[device]
            changes += self._changed(user_id, person)
            if not person.devices:
                del self._people[user_id]
        return changes

    def state_of(self, user_id: int) -> PresenceState:
        person = self._people.get(user_id)
        return person.shown if person else "offline"

    def _changed(self, user_id: int, person: _Person) -> list[Change]:
        states = {device.state for device in person.devices.values()}
        state: PresenceState = "online" if "online" in states else "away" if states else "offline"
        if state == person.shown:
            return []
        person.shown = state
        return [Change(user_id, state, person.rooms)]
