"""uvicorn's server, its configuration, and its shutdown.

    serve ─▶ start ─▶ `started` ─▶ … ─▶ SIGTERM or SIGINT ─▶ no more connections ─▶ drain ─▶ stop

There is no access log: the transports log each connection themselves, without its query.
"""

from __future__ import annotations

import asyncio
import gc
import importlib.util
import socket
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, Final

import uvicorn

from backchannel.runner.connection_limit import CONNECTIONS_PER_ADDRESS, ConnectionLimit
from backchannel.runner.http_protocol import GuardedHttpProtocol
from backchannel.runner.listening import BACKLOG
from backchannel.runner.websocket.server import make_websocket

# Longer than proxies keep idle connections (60 to 75 s), so that the proxy closes first.
KEEP_ALIVE_S = 80
BEAT_S = 1.0
FRAME_BYTES = 64 * 1024
YOUNG_OBJECTS: Final = 50_000
"""Allocations before the garbage collector runs. With its default of 700 it would scan the objects of hundreds of sends in progress
many times, and nearly none of them is in a cycle. With 20,000 it takes a twelfth of the CPU of polls that wait. Sends and fan-out reach
neither threshold, and no memory is gained by the lower one (decision 282)."""


def serve(
    app: Any,
    sock: socket.socket,
    *,
    shutdown_s: int,
    trusted_proxies: Sequence[str] = (),
    started: Callable[[], None] = lambda: None,
    drain: Callable[[], Awaitable[None]] | None = None,
    beat: Callable[[], None] = lambda: None,
    stopping: Callable[[], None] = lambda: None,
    connections_per_address: int = CONNECTIONS_PER_ADDRESS,
) -> None:
    """Serve `app` until SIGTERM or SIGINT, then return.

    `drain` is awaited after the last connection is accepted and before connections are closed. `beat` is called once a second from
    the event loop, `stopping` when the shutdown begins.
    """
    config = configuration(app, shutdown_s, trusted_proxies, connections_per_address)
    _Server(config, started, drain, shutdown_s, beat, stopping).run(sockets=[sock])


def configuration(
    app: Any,
    shutdown_s: int,
    trusted_proxies: Sequence[str] = (),
    connections_per_address: int = CONNECTIONS_PER_ADDRESS,
) -> uvicorn.Config:
    """uvicorn's, with our own protocols."""
    return uvicorn.Config(
        app,
        loop="uvloop" if importlib.util.find_spec("uvloop") else "asyncio",
        http=partial(  # type: ignore[arg-type]
            GuardedHttpProtocol,
            connection_limit=ConnectionLimit(connections_per_address, trusted_proxies),
        ),
        ws=make_websocket,  # type: ignore[arg-type]
        ws_max_size=FRAME_BYTES,
        # Compression costs memory for each connection, and lets a small frame expand to a huge one.
        ws_per_message_deflate=False,
        # The chat protocol has its own heartbeat, which a sleeping page cannot answer and a proxy cannot fake.
        ws_ping_interval=None,
        lifespan="on",
        log_config=None,
        access_log=False,
        backlog=BACKLOG,
        server_header=False,
        proxy_headers=False,  # trusted_proxies.py
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=shutdown_s,
    )


def prepare_collector() -> None:
    """Everything allocated so far is permanent: a full collection need not scan it while thousands wait for the loop."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS)


class _Server(uvicorn.Server):
    def __init__(
        self,
        config: uvicorn.Config,
        started: Callable[[], None],
        drain: Callable[[], Awaitable[None]] | None,
        shutdown_s: int,
        beat: Callable[[], None],
        stopping: Callable[[], None],
    ) -> None:
        super().__init__(config)
        self._beat = beat
        self._on_stopping = stopping
        self._beating: asyncio.Task[None] | None = None
        self._on_started = started
        self._drain = drain
        self._shutdown_s = shutdown_s

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            prepare_collector()
            self._beating = asyncio.create_task(self._beats())
            self._on_started()

    async def _beats(self) -> None:
        while True:
            self._beat()
            await asyncio.sleep(BEAT_S)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._on_stopping()
        for server in self.servers:
            server.close()
        if self._drain is not None and not self.force_exit:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._drain(), self._shutdown_s)
        await super().shutdown(sockets)
        if self._beating is not None:
            self._beating.cancel()

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        with super().capture_signals():
            yield
            # uvicorn would raise the signal again and exit by it; a requested stop is a success.
            self._captured_signals.clear()
