"""Metrics that a node measures periodically: does the bus answer, how much space has the disk.

A disk that refused a commit is tested with a small write. Otherwise, behind a proxy that sends nobody to a node that is not ready,
nothing would find out that there is space again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from prometheus_client import REGISTRY, Gauge

from backchannel.ops.health import Check, result_of
from backchannel.ops.metrics import about
from backchannel.protocol.errors import CommandError
from backchannel.store import disk
from backchannel.store.disk import Disk

INTERVAL_S: Final = 1.0

bus_up: Final = Gauge(
    "backchannel_bus_up", "1 if the bus between the nodes answers. Without it messages are delayed, not lost."
)
# Registered when they are known, which on PostgreSQL they never are: a 0 would raise an alert for a full disk.
free_bytes: Final = Gauge(
    "backchannel_data_free_bytes", "Bytes free on the disk that SQLite keeps its database on.", registry=None
)
size_bytes: Final = Gauge("backchannel_data_size_bytes", "Size of that disk.", registry=None)
disk_full: Final = Gauge("backchannel_disk_full", "1 if nothing can be stored for lack of space.")


class Watch:
    def __init__(
        self,
        state: Disk,
        bus: Check,
        check_writable: Callable[[], Awaitable[None]],
        count_people: Callable[[], int] = lambda: 0,
        look_at_backup: Callable[[], None] = lambda: None,
    ) -> None:
        """`check_writable` raises CommandError if nothing can be written to the database. `count_people`: those connected here.
        `look_at_backup` shows how old the newest backup is."""
        self._look_at_backup = look_at_backup
        self._count_people = count_people
        self.is_bus_up = True
        self._disk = state
        self._bus = bus
        self._check_writable = check_writable
        self._shows_space = False

    async def run(self) -> None:
        """Runs until it is cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(INTERVAL_S)

    async def look(self) -> None:
        self.is_bus_up = await result_of(self._bus) == "ok"
        bus_up.set(self.is_bus_up)
        about.people.set(self._count_people())
        if self._disk.refused:
            with suppress(CommandError):
                await self._check_writable()
        found = disk.space()
        if found is not None:
            self._show_space()
            free_bytes.set(found.free)
            size_bytes.set(found.size)
        sizes = about.file_sizes()
        if sizes is not None:
            about.show_sizes(*sizes)
        disk_full.set(self._disk.is_full)
        self._look_at_backup()

    def _show_space(self) -> None:
        if not self._shows_space:
            self._shows_space = True
            for gauge in (free_bytes, size_bytes):
                with suppress(ValueError):  # by another chat in this process
                    REGISTRY.register(gauge)
