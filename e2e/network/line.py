"""Sends bytes out of the proxy: one direction of a connection, and repeated requests."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from e2e.network.faults import Direction
from e2e.network.route import Route
from e2e.network.traffic import Kind

CHUNK = 64 * 1024


class Again:
    """A request that is sent again on a connection of its own; its answer is dropped."""

    _under_way: set[asyncio.Task[None]] = set()

    def __init__(self, head: bytes) -> None:
        self.request = head

    def send(self, port: int) -> None:
        task = asyncio.create_task(self._send(port))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _send(self, port: int) -> None:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return
        try:
            writer.write(self.request)
            await reader.read(CHUNK)
        except ConnectionError:
            pass
        finally:
            writer.close()


@dataclass
class Passage:
    """State that both directions of a connection share. `silenced`: directions in which bytes vanish."""

    kind: Kind
    silenced: set[Direction]


class Line:
    """One direction: what is put in comes out in order, delayed or throttled as the faults say, or not at all."""

    def __init__(self, route: Route, passage: Passage, writer: asyncio.StreamWriter, direction: Direction) -> None:
        self._route = route
        self._passage = passage
        self._writer = writer
        self._direction = direction
        self._tail: asyncio.Task[None] | None = None

    async def put(self, data: bytes) -> None:
        faults = self._route.faults
        if self._tail is None and not faults.delay_s and faults.bytes_per_s is None:
            return await self._write(data)
        due = asyncio.get_running_loop().time() + faults.delay_s
        self._tail = asyncio.create_task(self._later(data, due, self._tail))
        return None

    async def drain(self) -> None:
        """Wait until everything that was put in has been sent."""
        if self._tail is not None:
            await self._tail

    async def _later(self, data: bytes, due: float, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await before
        await asyncio.sleep(due - asyncio.get_running_loop().time())
        rate = self._route.faults.bytes_per_s
        if rate is not None:
            await asyncio.sleep(len(data) / rate)
        await self._write(data)
        if self._tail is asyncio.current_task():
            self._tail = None

    async def _write(self, data: bytes) -> None:
        if self._direction in self._passage.silenced or self._writer.is_closing():
            return
        self._route.traffic.passed(self._passage.kind, self._direction, len(data))
        self._writer.write(data)
        try:
            await self._writer.drain()
        except ConnectionError:
            pass
