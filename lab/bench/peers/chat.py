"""Starts the peers of the fan-out rows, each as a process on the server's core."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.bench.compiler import compiled
from lab.bench.peers.setup import node_modules, python
from lab.bench.servers import Missing, Server, free_port, redis, running

HERE = Path(__file__).parent


@contextmanager
def _uvicorn(app: str, *options: str, env: dict[str, str] | None = None) -> Iterator[Server]:
    port = free_port()
    argv = [python(), "-m", "uvicorn", app, "--port", str(port), "--log-level", "warning", "--no-access-log", *options]
    settings = ["--loop", "uvloop", "--http", "httptools", "--ws-per-message-deflate", "false"]
    with running([*argv, *settings], port, env=env, cwd=HERE / "python") as server:
        yield server


@contextmanager
def channels_in_memory() -> Iterator[Server]:
    """The layer that needs nothing; its capacity is raised so that it drops no message."""
    with _uvicorn("channels_app:application", env={"LAYER": "memory"}) as server:
        yield server


@contextmanager
def channels_on_redis() -> Iterator[Server]:
    """The layer that Channels' documentation calls the faster of its two for Redis. Its Redis' time counts as its own."""
    with redis() as (url, pids), _uvicorn("channels_app:application", env={"LAYER": url}) as server:
        server.beside = pids
        yield server


@contextmanager
def python_socketio() -> Iterator[Server]:
    """The asynchronous server in an ASGI application."""
    with _uvicorn("socketio_app:application") as server:
        yield server


@contextmanager
def uvicorn_loop() -> Iterator[Server]:
    """No framework: one `await send` after the other, on the quickest of uvicorn's WebSocket classes."""
    with _uvicorn("loop_app:application", "--ws", "websockets-sansio") as server:
        yield server


@contextmanager
def _node(script: str) -> Iterator[Server]:
    node_modules()
    port = free_port()
    env = {"PORT": str(port), "NODE_ENV": "production"}
    with running(["node", script], port, env=env, cwd=HERE / "node") as server:
        yield server


@contextmanager
def node_ws() -> Iterator[Server]:
    """The loop of ws' own documentation."""
    with _node("ws.mjs") as server:
        yield server


@contextmanager
def node_socketio() -> Iterator[Server]:
    """A room, and `io.to(room).emit`."""
    with _node("socketio.mjs") as server:
        yield server


@contextmanager
def floor() -> Iterator[Server]:
    """Bytes as long as our events', and one write of them for each member."""
    port = free_port()
    with running([str(compiled("floor", HERE / "c")), str(port)], port) as server:
        yield server


@contextmanager
def nats_server() -> Iterator[Server]:
    """As Debian brings it; one subject."""
    program = shutil.which("nats-server") or shutil.which("nats-server", path="/usr/sbin")
    if program is None:
        raise Missing("no nats-server on this machine: apt-get install nats-server")
    port, plain = free_port(), free_port()
    with tempfile.TemporaryDirectory(prefix="bench-nats-") as folder:
        conf = Path(folder) / "nats.conf"
        conf.write_text(
            f"host: 127.0.0.1\nport: {plain}\n"
            f"websocket {{ host: 127.0.0.1, port: {port}, no_tls: true, compression: false }}\n"
        )
        with running([program, "-c", str(conf)], port) as server:
            yield server
