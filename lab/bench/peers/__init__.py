"""The peers: small servers as their own documentation would have them, each with the settings it recommends.

python/   Django Channels, python-socketio, an ASGI application, Django with DRF, Ninja and its own views
node/     ws and socket.io
c/        the floor: no rival, but what is left when nothing but the writing is

Each has one room, `/ws` where it may choose, and passes every message on to everybody in it, the sender included.
None of them authenticates, numbers or keeps anything.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from lab.bench.peers import chat
from lab.bench.servers import Server


@dataclass(frozen=True)
class Peer:
    """A rival of the fan-out rows. `dialect`: how the load generator speaks to it."""

    name: str
    title: str
    dialect: str
    start: Callable[[], AbstractContextManager[Server]]


PEERS = (
    Peer("channels-memory", "Django Channels, in memory", "plain", chat.channels_in_memory),
    Peer("channels-redis", "Django Channels, Redis pub/sub", "plain", chat.channels_on_redis),
    Peer("python-socketio", "python-socketio", "socketio", chat.python_socketio),
    Peer("uvicorn-loop", "uvicorn, a plain loop", "plain", chat.uvicorn_loop),
    Peer("node-socket.io", "Node socket.io", "socketio", chat.node_socketio),
    Peer("node-ws", "Node ws", "plain", chat.node_ws),
    Peer("nats-server", "nats-server over WebSocket", "nats", chat.nats_server),
)

FLOOR = Peer("floor", "the floor: C, one write for each member", "plain", chat.floor)
"""How near anything can come on the machine. Nothing but a fan-out can be asked of it."""
FANOUT = (*PEERS, FLOOR)
