"""The faults that the proxy can apply."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Direction = Literal["up", "down"]
BOTH: frozenset[Direction] = frozenset(("up", "down"))


@dataclass(frozen=True)
class Faults:
    """The faults of a network. By default none."""

    # Every connection attempt is reset.
    refuse: bool = False
    # An Upgrade is answered with this status; other requests pass.
    upgrade_status: int | None = None
    # Every request is answered with this status, as by a proxy whose server is down.
    status: int | None = None
    # Each POST is sent twice, the second time on a connection of its own, as proxies do that retry.
    duplicate_posts: bool = False
    # Upgrade and Connection fields are taken out: the server sees a plain GET.
    strip_upgrade: bool = False
    # An Upgrade is never answered.
    hang_upgrade: bool = False
    # New WebSockets are accepted; then bytes in these directions vanish, closes among them, for the life of the socket.
    ws_silence: frozenset[Direction] = frozenset()
    # The same for connections that are not WebSockets.
    http_silence: frozenset[Direction] = frozenset()
    # Reset each WebSocket so long after its upgrade.
    ws_lives_s: float | None = None
    # One-way latency.
    delay_s: float = 0
    # Of each connection, in each direction.
    bytes_per_s: float | None = None
    # An answer is handed on when it is complete: a WebSocket, which never is, brings nothing.
    buffer: bool = False


HEALTHY = Faults()
DOWN = Faults(refuse=True)
