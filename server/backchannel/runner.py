"""Runs the server: uvicorn with what it leaves open settled.

    listen ─▶ own socket: what uvicorn cannot set is set here, and inherited by every connection
    serve  ─▶ start ─▶ `started` ─▶ … ─▶ SIGTERM or SIGINT ─▶ no more connections ─▶ drain ─▶ stop

No access log: the transports write a line for each connection themselves, without its query.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# A client that acknowledges nothing for so long is gone, whatever waits for it in the kernel. Without
# this, closing a connection waits for the buffer of a sleeping laptop to empty, and it never does.
TCP_USER_TIMEOUT_MS = 30_000
# What the kernel may hold for one client. The default grows to megabytes for each one that stalls.
SEND_BUFFER_BYTES = 128 * 1024
BACKLOG = 2048

HEADERS_WITHIN_S = 10.0
HEADER_BYTES = 64 * 1024
# Longer than proxies keep their idle connections (60 to 75 s), so that it is they who close.
KEEP_ALIVE_S = 80
FRAME_BYTES = 64 * 1024


class CannotListen(Exception):
    """The address cannot be listened on; one line says why."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises `CannotListen`."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except socket.gaierror:
        raise CannotListen(f"{host} is no address of this machine") from None
    sock = socket.socket(family, kind)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, TCP_USER_TIMEOUT_MS)
        sock.bind(address)
        # Only now does a taken port show: SO_REUSEADDR lets two bind, and one listen.
        sock.listen(BACKLOG)
    except OSError as problem:
        sock.close()
        raise CannotListen(_why(problem, host, port)) from None
    sock.setblocking(False)
    return sock


def _why(problem: OSError, host: str, port: int) -> str:
    if problem.errno == errno.EADDRINUSE:
        return f"port {port} of {host} is taken; choose another with --port"
    if problem.errno == errno.EACCES:
        return f"not allowed to listen on port {port}; choose one from 1024 on with --port"
    if problem.errno == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine"
    return f"cannot listen on {host} port {port}: {problem.strerror}"


def serve(
    app: Any,
    sock: socket.socket,
    *,
    websocket: Any,
    shutdown_s: int,
    trusted_proxies: Sequence[str] = (),
    started: Callable[[], None] = lambda: None,
    drain: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Serve `app` until SIGTERM or SIGINT, then return. `websocket`: uvicorn's `ws`, a protocol class or a name.

    `drain` is awaited when nobody new comes in any more and before connections are cut: it says good-bye.
    """
    config = uvicorn.Config(
        app,
        loop="uvloop" if _has_uvloop() else "asyncio",
        http=GuardedHttpProtocol,
        ws=websocket,
        ws_max_size=FRAME_BYTES,
        # Compression costs memory for each connection, and lets a small frame become a huge one.
        ws_per_message_deflate=False,
        # The protocol has its own heartbeat, which a sleeping page cannot answer and a proxy cannot fake.
        ws_ping_interval=None,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=list(trusted_proxies),
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=shutdown_s,
    )
    _Server(config, started, drain, shutdown_s).run(sockets=[sock])


def _has_uvloop() -> bool:
    try:
        import uvloop  # noqa: F401
    except ImportError:
        return False
    return True


class GuardedHttpProtocol(HttpToolsProtocol):
    """uvicorn's HTTP/1.1 with a limit to how long, and how many, headers are waited for.

    Without it, connections that send a byte now and then are held for ever, at no cost to who opens them.
    """

    _headers_due: asyncio.TimerHandle | None = None
    _header_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_headers()

    def data_received(self, data: bytes) -> None:
        if self._headers_due is not None:
            self._header_bytes += len(data)
        super().data_received(data)
        if self._headers_due is not None and self._header_bytes > HEADER_BYTES:
            self._cut()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._expect_headers()

    def on_headers_complete(self) -> None:
        self._stop_expecting()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_expecting()
        super().connection_lost(exc)

    def _expect_headers(self) -> None:
        if self._headers_due is None:
            self._header_bytes = 0
            self._headers_due = self.loop.call_later(HEADERS_WITHIN_S, self._cut)

    def _stop_expecting(self) -> None:
        if self._headers_due is not None:
            self._headers_due.cancel()
            self._headers_due = None

    def _cut(self) -> None:
        self._stop_expecting()
        self.transport.abort()


class _Server(uvicorn.Server):
    def __init__(
        self,
        config: uvicorn.Config,
        started: Callable[[], None],
        drain: Callable[[], Awaitable[None]] | None,
        shutdown_s: int,
    ) -> None:
        super().__init__(config)
        self._on_started = started
        self._drain = drain
        self._shutdown_s = shutdown_s

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        if self._drain is not None and not self.force_exit:
            try:
                await asyncio.wait_for(self._drain(), self._shutdown_s)
            except TimeoutError:
                pass
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        with super().capture_signals():
            yield
            # uvicorn would raise the signal again and die of it: a stop that was asked for is a success.
            self._captured_signals.clear()
