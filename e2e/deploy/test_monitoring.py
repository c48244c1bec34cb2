"""Prometheus with the shipped rules scrapes the real server, and notices what a proxy does to the WebSocket."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

from websockets.sync.client import connect

from e2e.network.faults import Faults
from e2e.support.person import Person
from e2e.support.prometheus import prometheus
from e2e.support.server import Account, Server
from e2e.support.wait import eventually

CONNECTED = 8
"""Clients beside those in browsers: the alert is silent below ten."""


def hello() -> str:
    client = {"name": "bot", "version": "1", "instance": str(uuid4())}
    return json.dumps({"type": "hello", "protocol": 1, "client": client})


def connected(server: Server, account: Account, stack: ExitStack) -> None:
    """A bot with a WebSocket."""
    url = server.url.replace("http", "ws") + "/ws"
    socket = stack.enter_context(connect(url, additional_headers={"Authorization": f"Bearer {account.token}"}))
    socket.send(hello())


def test_fallback_surge_fires_when_the_upgrade_is_stripped(
    people: Callable[..., Person], server: Server, supply: Iterator[Account], tmp_path: Path
) -> None:
    on_http = [people() for _ in range(3)]
    room: dict[str, Any] = on_http[0].api.create_room("group", *(each.api for each in on_http[1:]), name="Fallback")
    with ExitStack() as stack, prometheus(tmp_path, server.metrics_listen) as watching:
        for _ in range(CONNECTED):
            connected(server, next(supply), stack)
        eventually(lambda: watching.query('up{job="backchannel"}') == [1])
        assert "BackchannelFallbackSurge" not in watching.firing()
        for person in on_http:
            person.suffer(Faults(strip_upgrade=True))
            person.enter(room, connected=False)
        stripped = 'sum(backchannel_connection_failures_total{cause="upgrade_stripped"})'
        page = on_http[0].page
        eventually(lambda: "BackchannelFallbackSurge" in watching.firing(), page)
        eventually(lambda: watching.query(stripped) > [0], page)
