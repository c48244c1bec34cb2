"""Each way to be without the WebSocket has its cause named, by what the server saw and what the app reports of itself.

A report follows an attempt within seconds, and is joined when it is written: an operator who asks "why is Ada on HTTP?" is answered
while Ada still is.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from websockets.sync.client import connect

from e2e.network.faults import Faults
from e2e.support.api import Api
from e2e.support.database import Database
from e2e.support.evidence import Evidence
from e2e.support.person import Person
from e2e.support.server import Account, Server
from e2e.test_sign_out import end_session_elsewhere

AT_THE_START = {
    "a proxy refuses": (Faults(upgrade_status=403), "blocked_before", "reach"),
    "nothing answers": (Faults(hang_upgrade=True), "blocked_before", "reach"),
    "a proxy strips the upgrade": (Faults(strip_upgrade=True), "upgrade_stripped", "upgrade"),
    "frames to the server vanish": (Faults(ws_silence=frozenset({"up"})), "swallowed_up", "hello"),
    "frames to the client vanish": (Faults(ws_silence=frozenset({"down"})), "swallowed_down", "hello"),
}
ATTEMPT_BY_HAND = "0123456789abcdef"
CONNECTIONS = 20
"""Of one person, unless the settings say otherwise; the oldest is closed for one more."""
BEYOND_THE_BUFFERS = 4000
"""Bytes of a message; some hundreds of them fill the sockets' buffers, and what a client may be behind."""


class OnePage(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<title>Elsewhere</title>")

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""


@contextmanager
def another_site() -> Iterator[str]:
    """The address of a site that is not the chat's, on the same host."""
    with ThreadingHTTPServer(("127.0.0.1", 0), OnePage) as site:
        Thread(target=site.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{site.server_port}/"
        site.shutdown()


@pytest.fixture
def evidence(database: Database) -> Evidence:
    return Evidence(database)


@pytest.mark.parametrize("way", AT_THE_START)
def test_a_network_without_websockets(ada: Person, room: dict[str, Any], evidence: Evidence, way: str) -> None:
    faults, cause, stage = AT_THE_START[way]
    ada.suffer(faults)
    ada.enter(room, connected=False)
    evidence.names(cause, ada, stage)


def test_a_time_out_of_a_proxy(ada: Person, room: dict[str, Any], evidence: Evidence) -> None:
    """A cut says nothing of its reason; three after the same time do."""
    ada.suffer(Faults(ws_lives_s=6))
    ada.enter(room, connected=False)
    evidence.names("idle_cut", ada, "live")


def test_a_restart(ada: Person, room: dict[str, Any], evidence: Evidence, server: Server) -> None:
    ada.enter(room)
    ada.page_log.network_may_fail = True
    server.stop()
    server.start()
    evidence.names("restart", ada, "live")


def test_a_client_that_does_not_read(
    ada: Person,
    ben: Person,
    server: Server,
    supply: Iterator[Account],
    evidence: Evidence,
) -> None:
    many = [Api(server, account) for account in itertools.islice(supply, 6)]
    room = ada.api.create_room("group", ben.api, *many, name="Crowd")
    ada.enter(room)
    ada.page_log.network_may_fail = True
    assert ada.proxy.stall("ws") == 1
    for _, api in itertools.product(range(50), many):
        api.send(room["id"], "x" * BEYOND_THE_BUFFERS)
    for api in many:
        api.close()
    evidence.names("slow", ada, "live")


def test_a_laptop_that_slept(ada: Person, room: dict[str, Any], evidence: Evidence) -> None:
    ada.page.clock.install()
    ada.enter(room)
    ada.page_log.network_may_fail = True
    ada.proxy.silence("ws")
    ada.page.clock.fast_forward("10:00")
    ada.proxy.cut("ws")
    evidence.names("asleep", ada, "live")


def test_a_browser_that_is_offline(ada: Person, room: dict[str, Any], evidence: Evidence) -> None:
    ada.enter(room)
    ada.page_log.network_may_fail = True
    ada.context.set_offline(True)
    ada.proxy.cut("ws")
    ada.expect_failed()
    ada.context.set_offline(False)
    evidence.names("offline", ada, "live")


def test_a_server_out_of_reach(ada: Person, room: dict[str, Any], evidence: Evidence) -> None:
    """The browser knows of no fault; HTTP fails as well."""
    ada.enter(room)
    ada.lose_network()
    ada.expect_failed()
    ada.proxy.heal()
    # The network may come back between an attempt and what HTTP says of it; then the WebSocket alone seemed to be blocked.
    evidence.names("offline", ada, "reach", beside=frozenset({"blocked_before"}))


def test_a_sign_in_that_was_ended(ada: Person, room: dict[str, Any], evidence: Evidence) -> None:
    ada.enter(room)
    ada.page_log.allow("status of 401")
    ada.page_log.network_may_fail = True
    end_session_elsewhere(ada)
    evidence.names("refused_auth", ada, "live")


def test_a_page_of_another_origin(ada: Person, evidence: Evidence) -> None:
    """A browser sends the cookie from another port of the same host, and the origin with it."""
    ada.has_session()
    ada.page_log.network_may_fail = True
    with another_site() as elsewhere:
        ada.page.goto(elsewhere)
        ada.page.evaluate("(url) => void new WebSocket(url)", f"{ada.proxy.url}/ws?a={ATTEMPT_BY_HAND}")
        evidence.names("refused_origin", ada, "upgrade", attempt=int(ATTEMPT_BY_HAND, 16))


def test_too_many_connections(ada: Person, room: dict[str, Any], server: Server, evidence: Evidence) -> None:
    ada.enter(room)
    ada.page_log.network_may_fail = True
    url = server.url.replace("http", "ws") + "/ws"
    with ExitStack() as sockets:
        for _ in range(CONNECTIONS):
            headers = {"Authorization": f"Bearer {ada.account.token}"}
            sockets.enter_context(connect(url, additional_headers=headers))
        evidence.names("refused_busy", ada, "live")
