"""From what the nodes see of people to the frames that show it here.

    add ─▶ pending ── SOON_S, or the pause after the last time ──▶ everybody's part of it, as one text, SLICE listeners at a time

One who comes is shown at once. Where thousands come in the same seconds, after a restart, each of them would be told to
hundreds of others one by one: what gathers is told together instead, and the loop does other things in between. The more are
told, the longer is the pause after it: telling never takes more than a small part of the loop's time. Who comes last still knows
of everybody: whoever has caught up is told what `frames_of` has, of hundreds mostly.
"""

import asyncio
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from itertools import islice
from typing import Final

from backchannel.fanout.hub import Hub
from backchannel.fanout.presence import PresenceReport
from backchannel.fanout.telling import Telling
from backchannel.protocol.codec import encode
from backchannel.protocol.events import PresenceFrame
from backchannel.protocol.shapes import PresenceState

SOON_S: Final = 0.02
EVERY_S: Final = 1.0
EACH_S: Final = 0.0015
"""The pause for each who was told, where that is longer. To tell one takes about 20 µs."""
PEOPLE: Final = 1000
"""Of whom is told together."""
SLICE: Final = 100


def presence_frame(user_id: int, state: PresenceState) -> bytes:
    return encode(PresenceFrame(user_id=user_id, state=state))


class PresenceBroadcaster:
    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._frames: dict[int, bytes] = {}
        """Of everybody who is there, encoded once."""
        self._elsewhere: dict[int, set[int]] = {}
        """Small room → who of it is there at another node. Whether they still are, `_frames` knows."""
        self._rooms_elsewhere: dict[int, tuple[int, ...]] = {}
        self._pending: dict[int, PresenceReport] = {}
        self._next_at = 0.0
        self._is_due = False

    def add(self, reports: Iterable[PresenceReport]) -> None:
        """Show these, soon. Of two of one person the later counts."""
        for report in reports:
            if report.state == "offline":
                self._frames.pop(report.user_id, None)
            else:
                self._frames[report.user_id] = presence_frame(report.user_id, report.state)
            earlier = self._pending.pop(report.user_id, None)
            rooms = report.rooms if earlier is None else tuple({*earlier.rooms, *report.rooms})
            self._pending[report.user_id] = PresenceReport(report.user_id, report.state, rooms)
        if self._pending and not self._is_due:
            self._is_due = True
            loop = asyncio.get_running_loop()
            loop.call_at(max(loop.time() + SOON_S, self._next_at), self._begin)

    def note_elsewhere(self, report: PresenceReport) -> None:
        """What another node sees of somebody, who may have no link here."""
        rooms = () if report.state == "offline" else report.rooms
        before = self._rooms_elsewhere.get(report.user_id, ())
        if rooms == before:
            return
        for room_id in before:
            people = self._elsewhere[room_id]
            people.discard(report.user_id)
            if not people:
                del self._elsewhere[room_id]
        for room_id in rooms:
            self._elsewhere.setdefault(room_id, set()).add(report.user_id)
        if rooms:
            self._rooms_elsewhere[report.user_id] = rooms
        else:
            del self._rooms_elsewhere[report.user_id]

    def people_elsewhere(self, room_ids: Iterable[int]) -> set[int]:
        """Who may be there at other nodes, of those in any of the rooms."""
        elsewhere = self._elsewhere
        return set().union(*(elsewhere[room] for room in room_ids if room in elsewhere)) if elsewhere else set()

    def frames_of(self, user_ids: AbstractSet[int]) -> list[bytes]:
        """Of those of them who are there, in no order: what was added last of each."""
        return list(filter(None, map(self._frames.get, user_ids)))

    def _begin(self) -> None:
        reports = [self._pending.pop(user_id) for user_id in list(islice(self._pending, PEOPLE))]
        told = [(report.user_id, report.rooms, self._frame_of(report)) for report in reports]
        self._tell(Telling(self._hub, told))

    def _frame_of(self, report: PresenceReport) -> bytes:
        return self._frames.get(report.user_id) or presence_frame(report.user_id, report.state)

    def _tell(self, telling: Telling) -> None:
        pause_s = max(EVERY_S, telling.listeners * EACH_S)
        self._go_on(telling, telling.go(), pause_s)

    def _go_on(self, telling: Telling, going: Iterator[None], pause_s: float) -> None:
        loop = asyncio.get_running_loop()
        if sum(1 for _ in islice(going, SLICE)) == SLICE:
            loop.call_soon(self._go_on, telling, going, pause_s)
        elif telling.listeners:
            loop.call_later(pause_s, self._tell, telling)
        else:
            self._next_at, self._is_due = loop.time() + pause_s, False
            self.add(())
