"""One connection through the proxy: two pumps, and the faults applied to them.

HTTP/1.1 as browsers speak it, one request at a time on a connection: on the way up each request is looked at, on the way
down bytes are only passed on, but for the head of a 101 and for `buffer`.
"""

from __future__ import annotations

import asyncio
import socket
import struct

from e2e.network.faults import Direction
from e2e.network.heads import END, is_complete, parse, without_upgrade
from e2e.network.line import CHUNK, Again, Line, Passage
from e2e.network.route import Route
from e2e.network.traffic import Kind

# Like the page of a proxy: the client must not take it for an answer of the server.
PAGE = b"<html><title>%d</title>The proxy does not do this.</html>"
RESET_ON_CLOSE = struct.pack("ii", 1, 0)

_ENDED = (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError)


class Connection:
    def __init__(self, route: Route, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._route = route
        self._passage = Passage("http" if route.http else "tcp", set())
        self._client, self._to_client = reader, writer
        self._to_server: asyncio.StreamWriter | None = None
        self._asked_upgrade = False
        self._over = asyncio.Event()
        self._is_stalled = False

    @property
    def kind(self) -> Kind:
        return self._passage.kind

    @property
    def silenced(self) -> set[Direction]:
        """Directions in which bytes vanish."""
        return self._passage.silenced

    async def serve(self) -> None:
        """Pump until both ends are closed."""
        if self._route.faults.refuse:
            return self.reset()
        try:
            self._upstream = self._route.next_upstream()
            server, self._to_server = await asyncio.open_connection("127.0.0.1", self._upstream)
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

    def stall(self) -> None:
        """Read nothing more from the server."""
        self._is_stalled = True

    def end_down(self) -> None:
        if self._to_client.can_write_eof():
            self._to_client.write_eof()
        self.silenced.add("down")

    # ── up ──────────────────────────────────────────────────────────────────────────────────

    async def _up(self) -> None:
        assert self._to_server is not None
        line = Line(self._route, self._passage, self._to_server, "up")
        try:
            while self.kind == "http" and not self._asked_upgrade:
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

    async def _request(self, head: bytes, line: Line) -> bool:
        """Pass on one request, or apply the faults to it; False if no other follows."""
        faults, request = self._route.faults, parse(head)
        self._route.traffic.note(request.words[0], request.words[1])
        if faults.status is not None:
            self._answer(faults.status)
            return False
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
        again = Again(head) if faults.duplicate_posts and request.words[0] == "POST" else None
        await line.put(head)
        await self._body(request.length, line, again)
        if again:
            again.send(self._upstream)
        return True

    async def _body(self, length: int | None, line: Line, again: Again | None) -> None:
        while length is None:
            chunk = await self._client.readuntil(b"\r\n")
            size = int(chunk.split(b";")[0], 16)
            chunk += await self._client.readexactly(size + 2)
            await line.put(chunk)
            if again:
                again.request += chunk
            if size == 0:
                return
        while length > 0:
            data = await self._client.read(min(length, CHUNK))
            if not data:
                raise ConnectionResetError
            length -= len(data)
            await line.put(data)
            if again:
                again.request += data

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
        line = Line(self._route, self._passage, self._to_client, "down")
        held = b""
        try:
            while data := await server.read(CHUNK):
                if self._is_stalled:
                    await self._over.wait()
                if self._asked_upgrade and self.kind == "http":
                    data = held + data
                    if END not in data:
                        held = data
                        continue
                    held = b""
                    await self._upgraded(data, line)
                elif self._route.faults.buffer:
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

    async def _upgraded(self, data: bytes, line: Line) -> None:
        head, _, rest = data.partition(END)
        await line.put(head + END)
        faults = self._route.faults
        if parse(head + END).words[1] == "101":
            await line.drain()
            self._passage.kind = "ws"
            self.silenced.update(faults.ws_silence)
            if faults.ws_lives_s is not None:
                asyncio.get_running_loop().call_later(faults.ws_lives_s, self.reset)
        else:
            self._asked_upgrade = False
        if rest:
            await line.put(rest)
