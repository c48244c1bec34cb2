"""Redis dies or hangs under two nodes: nobody is disconnected or refused, and every message arrives."""

from __future__ import annotations

import signal
from collections.abc import Callable
from functools import partial

import pytest

import services
from lab.process_faults.conftest import of_postgres
from lab.process_faults.node import Node, new_id, open_socket
from tests.cli.test_serve import Browser
from tests.running import wait_until

pytestmark = pytest.mark.prove

Make = Callable[[dict[str, str]], Node]


def reports_the_bus_as_away(node: Node) -> bool:
    return bool(node.http.get("/readyz").json()["bus"] == "does not answer")


def counts_the_bus_as_down(node: Node) -> bool:
    return "backchannel_bus_up 0.0" in node.http.get("/metrics").text


@of_postgres
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["dead", "hanging"])
def test_nodes_stay_ready_and_accept_sign_ins_without_redis(
    number: signal.Signals, nodes: Make, environment: dict[str, str]
) -> None:
    with services.redis_service() as redis:
        both = [nodes({**environment, "BACKCHANNEL_REDIS_URL": redis.url}) for _ in range(2)]
        [token] = both[0].people("ada")
        for node in both:
            node.start()
        if number is signal.SIGSTOP:
            redis.tell(number)
        else:
            redis.stop(number)
        for node in both:
            wait_until(partial(reports_the_bus_as_away, node))
            ready = node.http.get("/readyz")
            assert (ready.status_code, ready.json()["ready"]) == (200, True)
            wait_until(partial(counts_the_bus_as_down, node))
            browser = Browser(node.port)
            assert browser.ask("GET", "/account/state")[0] == 200
            wrong = {"username": "ada", "password": "wrong"}
            assert browser.ask("POST", "/_allauth/browser/v1/auth/login", wrong)[0] == 400
            right = {"username": "ada", "password": "x"}
            status, answer = browser.ask("POST", "/_allauth/browser/v1/auth/login", right)
            assert (status, answer["meta"]["is_authenticated"]) == (200, True)
            assert float(_figure(node, "backchannel_attempts_in_memory_total")) > 0
        with open_socket(both[0], token) as here, open_socket(both[1], token) as there:
            sent = new_id()
            here.send(sent)
            for socket in (here, there):
                socket.expect_messages([sent])


def _figure(node: Node, name: str) -> str:
    [line] = [line for line in node.http.get("/metrics").text.splitlines() if line.startswith(f"{name} ")]
    return line.split()[1]
