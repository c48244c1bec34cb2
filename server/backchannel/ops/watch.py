"""What a node looks at by itself, for those who watch it: does the bus answer, how much room is on the disk.

A disk that refused a commit is tried again by a small write: where a proxy sends nobody to a node that is not ready, nothing
else would find out that there is room again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from prometheus_client import REGISTRY, Gauge

from backchannel.ops.health import Check, answers
from backchannel.protocol.errors import CommandError
from backchannel.store import disk
from backchannel.store.disk import Disk

LOOK_S: Final = 1.0

bus_up: Final = Gauge(
    "backchannel_bus_up", "1 where the bus between the nodes answers. Without it messages come late, not never."
)
# Registered once they are known, which on PostgreSQL they never are: a 0 would be a full disk to whoever is alerted by it.
free_bytes: Final = Gauge(
    "backchannel_data_free_bytes", "Bytes free on the disk that SQLite keeps its database on.", registry=None
)
size_bytes: Final = Gauge("backchannel_data_size_bytes", "Size of that disk.", registry=None)
disk_full: Final = Gauge("backchannel_disk_full", "1 where nothing can be stored for want of room.")


class Watch:
    """`bus`: returns where it answers. `check_writable`: raises CommandError where nothing can be written to the database."""

    def __init__(self, state: Disk, bus: Check, check_writable: Callable[[], Awaitable[None]]) -> None:
        self._disk = state
        self._bus = bus
        self._check_writable = check_writable
        self._shows_space = False

    async def run(self) -> None:
        """For ever."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        bus_up.set(await answers(self._bus) == "ok")
        if self._disk.refused:
            with suppress(CommandError):
                await self._check_writable()
        found = disk.space()
        if found is not None:
            self._show_space()
            free_bytes.set(found.free)
            size_bytes.set(found.size)
        disk_full.set(self._disk.is_full)

    def _show_space(self) -> None:
        if not self._shows_space:
            self._shows_space = True
            for gauge in (free_bytes, size_bytes):
                with suppress(ValueError):  # another instance in this process did
                    REGISTRY.register(gauge)
