"""One connection through the proxy: two pumps, and what befalls them.

HTTP/1.1 as browsers speak it, one request at a time on a connection: on the way up each request is looked at, on the way
down bytes are only passed on, but for the head of a 101 and for `buffer`.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import TYPE_CHECKING

from faults.heads import END, is_complete, parse, without_upgrade
from faults.traffic import Kind

if TYPE_CHECKING:
    from faults.proxy import Proxy

CHUNK = 64 * 1024
# Sent as a proxy's own page would be: the client must not take it for an answer of the server.
PAGE = b"<html><title>%d</title>The proxy does not do this.</html>"
RESET_ON_CLOSE = struct.pack("ii", 1, 0)

_ENDED = (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError)


class Connection:
    def __init__(self, proxy: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.kind: Kind = "http"
        self.silenced: set[str] = set()
        self._proxy = proxy
        self._client, self._to_client = reader, writer
        self._to_server: asyncio.StreamWriter | None = None
        self._asked_upgrade = False
        self._over = asyncio.Event()

    async def serve(self) -> None:
        """Until both ends are gone."""
        if self._proxy.faults.refuse:
            return self.reset()
        try:
            server, self._to_server = await asyncio.open_connection("127.0.0.1", self._proxy.upstream_port)
        except OSError:
            return self.reset()
        pumps = [
            asyncio.create_task(self._down(server)),
            asyncio.create_task(self._up()),
            asyncio.create_task(self._over.wait()),
        ]
        try:
            # The up pump may end long before the answers do; the way down, or a reset, ends the connection.
            await asyncio.wait((pumps[0], pumps[2]), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            self._to_client.close()
            self._to_server.close()

    def reset(self) -> None:
        for writer in (self._to_client, self._to_server):
            if writer is None or writer.is_closing():
                continue
            sock = writer.get_extra_info("socket")
            if sock is not None:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            writer.transport.abort()
        self._over.set()

    def end_down(self) -> None:
        if self._to_client.can_write_eof():
            self._to_client.write_eof()
        self.silenced.add("down")

    # ── up ──────────────────────────────────────────────────────────────────────────────────

    async def _up(self) -> None:
        assert self._to_server is not None
        line = _Line(self._proxy, self, self._to_server, "up")
        try:
            while not self._asked_upgrade:
                head = await self._client.readuntil(END)
                if not await self._request(head, line):
                    return
            while data := await self._client.read(CHUNK):
                await line.put(data)
        except _ENDED:
            pass
        await line.drain()
        if "up" not in self.silenced:
            self._to_server.close()

    async def _request(self, head: bytes, line: _Line) -> bool:
        """Pass on one request, or do to it what is to be done; False: no other follows."""
        faults, request = self._proxy.faults, parse(head)
        self._proxy.traffic.note(request.words[0], request.words[1])
        if request.is_upgrade:
            if faults.upgrade_status is not None:
                self._answer(faults.upgrade_status)
                return False
            if faults.hang_upgrade:
                await self._over.wait()
                return False
            if faults.strip_upgrade:
                head = without_upgrade(head)
            else:
                self._asked_upgrade = True
        else:
            self.silenced.update(faults.http_silence)
        await line.put(head)
        await self._body(request.length, line)
        return True

    async def _body(self, length: int | None, line: _Line) -> None:
        while length is None:
            chunk = await self._client.readuntil(b"\r\n")
            size = int(chunk.split(b";")[0], 16)
            await line.put(chunk + await self._client.readexactly(size + 2))
            if size == 0:
                return
        while length > 0:
            data = await self._client.read(min(length, CHUNK))
            if not data:
                raise ConnectionResetError
            length -= len(data)
            await line.put(data)

    def _answer(self, status: int) -> None:
        page = PAGE % status
        self._to_client.write(
            b"HTTP/1.1 %d Refused\r\nContent-Type: text/html\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
            % (status, len(page))
            + page
        )
        self._to_client.close()
        self._over.set()

    # ── down ────────────────────────────────────────────────────────────────────────────────

    async def _down(self, server: asyncio.StreamReader) -> None:
        line = _Line(self._proxy, self, self._to_client, "down")
        held = b""
        try:
            while data := await server.read(CHUNK):
                if self._asked_upgrade and self.kind == "http":
                    data = held + data
                    if END not in data:
                        held = data
                        continue
                    held = b""
                    await self._upgraded(data, line)
                elif self._proxy.faults.buffer:
                    held += data
                    if self.kind == "http" and is_complete(held):
                        await line.put(held)
                        held = b""
                else:
                    await line.put(held + data)
                    held = b""
        except _ENDED:
            pass
        if held:
            await line.put(held)
        await line.drain()
        if "down" in self.silenced:
            # The end of the connection vanishes too.
            await self._over.wait()

    async def _upgraded(self, data: bytes, line: _Line) -> None:
        head, _, rest = data.partition(END)
        await line.put(head + END)
        faults = self._proxy.faults
        if parse(head + END).words[1] == "101":
            await line.drain()
            self.kind = "ws"
            self.silenced.update(faults.ws_silence)
            if faults.ws_lives_s is not None:
                asyncio.get_running_loop().call_later(faults.ws_lives_s, self.reset)
        else:
            self._asked_upgrade = False
        if rest:
            await line.put(rest)


class _Line:
    """One direction: what is put in comes out in order, late and slowly if so told, or not at all."""

    def __init__(self, proxy: Proxy, connection: Connection, writer: asyncio.StreamWriter, direction: str) -> None:
        self._proxy = proxy
        self._connection = connection
        self._writer = writer
        self._direction = direction
        self._tail: asyncio.Task[None] | None = None

    async def put(self, data: bytes) -> None:
        faults = self._proxy.faults
        if self._tail is None and not faults.delay_s and faults.bytes_per_s is None:
            return await self._write(data)
        due = asyncio.get_running_loop().time() + faults.delay_s
        self._tail = asyncio.create_task(self._later(data, due, self._tail))
        return None

    async def drain(self) -> None:
        """Wait for everything that was put in."""
        if self._tail is not None:
            await self._tail

    async def _later(self, data: bytes, due: float, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await before
        await asyncio.sleep(due - asyncio.get_running_loop().time())
        rate = self._proxy.faults.bytes_per_s
        if rate is not None:
            await asyncio.sleep(len(data) / rate)
        await self._write(data)
        if self._tail is asyncio.current_task():
            self._tail = None

    async def _write(self, data: bytes) -> None:
        connection = self._connection
        if self._direction in connection.silenced or self._writer.is_closing():
            return
        self._proxy.traffic.passed(connection.kind, self._direction, len(data))
        self._writer.write(data)
        try:
            await self._writer.drain()
        except ConnectionError:
            pass
