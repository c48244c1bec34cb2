"""Reads the events that the bus lost from the log: one task for each room that lacks some.

begin ─▶ wait a moment ─▶ read above the room's head ─▶ deliver ─▶ again, until nothing is above it or the room is left
                                  ▲                │
                                  └── retry_s ◀────┴─ the database does not answer
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from prometheus_client import Counter

from backchannel.fanout.envelopes import RoomEnvelope
from backchannel.process_log import ProcessLog

repaired: Final = Counter("backchannel_repairs", "Reads of events that the bus had lost.")

_log = ProcessLog("backchannel.fanout")

ReadEvents = Callable[[Mapping[int, int]], Awaitable[Mapping[int, list[RoomEnvelope]]]]
"""Room → seq ─▶ room → the events above it."""


class Repairs:
    def __init__(
        self,
        read_events: ReadEvents,
        head_of: Callable[[int], int | None],
        deliver: Callable[[RoomEnvelope], None],
        after_s: float,
        retry_s: float,
    ) -> None:
        """`head_of`: the last event delivered in a room; None if the room is not served. `after_s`: publishes of neighbouring events may
        overtake each other; waiting a little saves a read."""
        self._read_events = read_events
        self._head_of = head_of
        self._deliver = deliver
        self._after_s = after_s
        self._retry_s = retry_s
        self.tasks: dict[int, asyncio.Task[None]] = {}
        """The task of each repair under way, by room."""

    def begin(self, room_id: int) -> None:
        """Read what is above the room's head, unless that is under way."""
        if room_id not in self.tasks:
            task = asyncio.get_running_loop().create_task(self._read_missing(room_id))
            self.tasks[room_id] = task
            task.add_done_callback(lambda _: self.tasks.pop(room_id, None))

    def stop(self) -> None:
        for task in list(self.tasks.values()):
            task.cancel()

    async def _read_missing(self, room_id: int) -> None:
        await asyncio.sleep(self._after_s)
        while (head := self._head_of(room_id)) is not None:
            try:
                found = (await self._read_events({room_id: head})).get(room_id, [])
            except Exception as error:  # the database does not answer: try again, the log keeps the events
                _log.warning("repair_delayed", room_id=room_id, error=type(error).__name__)
                await asyncio.sleep(self._retry_s)
                continue
            for envelope in found:
                self._deliver(envelope)
            if not found:
                return
            repaired.inc()
            _log.debug("repaired", room_id=room_id, events=len(found))
