"""A server of the HTTP edge alone, which records its requests, and clients that send raw bytes."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterable
from functools import partial
from typing import Any

import h11
import uvicorn

from backchannel.runner.http_protocol import GuardedHttpProtocol
from backchannel.runner.listening import listen
from tests.running import wait_until

Request = tuple[str, str, bytes]
"""Method, address, body."""


class Edge:
    """Answers each request with its method, address and body. One to /early is answered before its body is read, one to /held after
    0.2 s, one to /waiting never."""

    def __init__(self, ws: Any = "none", **options: Any) -> None:
        self.requests: list[Request] = []
        self.headers: list[dict[str, str]] = []
        self.scopes: list[dict[str, Any]] = []
        self.disconnects = 0
        """Requests whose client left before the body was read, or while they waited."""
        self.waited = 0
        """Most requests that waited behind another on one connection."""
        sock = listen("127.0.0.1", 0)
        self.port = int(sock.getsockname()[1])
        http: Any = partial(GuardedHttpProtocol, **options)
        self.server = uvicorn.Server(
            uvicorn.Config(
                self._answer,
                interface="asgi3",
                http=http,
                ws=ws,
                lifespan="off",
                log_config=None,
                server_header=False,
                proxy_headers=False,
                loop="uvloop",
            )
        )
        self._thread = threading.Thread(target=lambda: self.server.run(sockets=[sock]), name="edge")
        self._thread.start()
        wait_until(lambda: self.server.started)

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        self.scopes.append(scope)
        if scope["type"] == "websocket":
            await receive()
            if scope["path"] == "/accept":
                await send({"type": "websocket.accept"})
                await receive()
            else:
                await send({"type": "websocket.close"})
            return
        self.waited = max([self.waited, *(len(each.pipeline) for each in self.server.server_state.connections)])  # type: ignore[union-attr]
        body, more = b"", scope["path"] != "/early"
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.disconnects += 1
                return
            body += message["body"]
            more = message["more_body"]
        if scope["path"] == "/waiting":
            while (await receive())["type"] != "http.disconnect":
                pass
            self.disconnects += 1
            return
        if scope["path"] == "/held":
            await asyncio.sleep(0.2)
        self.requests.append((scope["method"], scope["raw_path"].decode(), body))
        self.headers.append({name.decode(): value.decode("latin-1") for name, value in scope["headers"]})
        content = json.dumps([scope["method"], scope["raw_path"].decode(), body.decode("latin-1")]).encode()
        await send(
            {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(content))]}
        )
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else content})

    @property
    def connections(self) -> int:
        return len(self.server.server_state.connections)

    def dial(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def stop(self) -> None:
        self.server.should_exit = True
        self._thread.join()


def send_segments(connection: socket.socket, segments: Iterable[bytes]) -> None:
    """Send each in its own segment, until the other end closes."""
    try:
        for index, segment in enumerate(segments):
            if index:
                time.sleep(0.003)
            connection.sendall(segment)
    except OSError:
        pass


def responses(connection: socket.socket, methods: list[str], *, until_closed: bool = False) -> list[tuple[int, bytes]]:
    """Status and body of the response to each request, as h11 reads them; fewer if the server closes before. `until_closed`: wait for
    the end of the connection, and fail if anything else comes before it."""
    found: list[tuple[int, bytes]] = []
    client = h11.Connection(h11.CLIENT)
    for method in methods:
        client.send(h11.Request(method=method, target="/", headers=[("Host", "x")]))
        client.send(h11.EndOfMessage())
        status, body = 0, b""
        while True:
            try:
                event = client.next_event()
            except h11.RemoteProtocolError:
                return found
            if event is h11.NEED_DATA:
                try:
                    client.receive_data(connection.recv(100_000))
                except ConnectionResetError:
                    return found
            elif isinstance(event, h11.Response):
                status = event.status_code
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                found.append((status, body))
                break
            elif isinstance(event, h11.ConnectionClosed):
                return found
        if client.their_state is not h11.DONE:
            break
        client.start_next_cycle()
    if until_closed:
        rest = client.trailing_data[0]
        while True:
            try:
                data = connection.recv(100_000)
            except ConnectionResetError:
                break
            if not data:
                break
            rest += data
        assert rest == b"", rest
    return found
