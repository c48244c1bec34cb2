"""Several workers behind one port, on PostgreSQL and Redis, act as one server even while one of them dies."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect

from tests.cli.conftest import Run, Start
from tests.cli.test_serve import port_of
from tests.postgres import new_database, on_postgres
from tests.running import wait_until

pytestmark = [
    pytest.mark.prove,
    on_postgres,
    pytest.mark.skipif(not os.environ.get("BACKCHANNEL_TEST_REDIS_URL"), reason="needs a Redis"),
]
SOCKETS = 8


@pytest.fixture
def shared() -> Iterator[dict[str, str]]:
    """The settings that name an empty database, and the bus."""
    with new_database() as url:
        yield {
            "BACKCHANNEL_DATABASE_URL": url,
            "BACKCHANNEL_REDIS_URL": os.environ["BACKCHANNEL_TEST_REDIS_URL"],
            "BACKCHANNEL_WORKERS": "2",
        }


def workers_of(process: "subprocess.Popen[str]") -> set[int]:
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = stat.read_text().rpartition(")")[2].split()[1]
        except OSError:
            continue
        if parent == str(process.pid):
            found.add(int(stat.parent.name))
    return found


def until(link: ClientConnection, type_: str) -> dict[str, Any]:
    while True:
        received = json.loads(link.recv(timeout=60))
        for frame in received if isinstance(received, list) else [received]:
            if frame["type"] == type_:
                return dict(frame)


def test_workers_deliver_to_each_other_and_a_dead_one_is_replaced(
    start: Start, run: Run, shared: dict[str, str]
) -> None:
    run("createuser", "--new", "ada", **shared)
    token = run("token", "ada", **shared).out.strip()
    server = start(**shared)
    port = port_of(server)
    before = workers_of(server)
    assert len(before) == 2
    headers = {"Authorization": f"Bearer {token}"}
    url = f"http://127.0.0.1:{port}"

    def talk() -> None:
        with ExitStack() as open_links, httpx.Client(base_url=url, headers=headers, timeout=60) as http:
            links = []
            for _ in range(SOCKETS):
                link = open_links.enter_context(connect(f"ws://127.0.0.1:{port}/ws", additional_headers=headers))
                link.send(json.dumps({"type": "hello", "protocol": 1, "client": {"instance": str(uuid4())}}))
                until(link, "caught_up")
                links.append(link)
            room = http.get("/api/rooms").json()["rooms"][0]["id"]
            sent = http.post(f"/api/rooms/{room}/messages", json={"content": "Hello."}).json()["message"]
            for link in links:
                assert until(link, "message_created")["seq"] == sent["seq"]

    talk()
    os.kill(next(iter(before)), signal.SIGKILL)
    wait_until(lambda: len(workers_of(server) - before) == 1 and len(workers_of(server)) == 2)
    talk()
    wait_until(lambda: 'backchannel_worker_up{worker="0"} 1' in httpx.get(f"{url}/metrics", timeout=60).text)
    wait_until(lambda: 'backchannel_worker_up{worker="1"} 1' in httpx.get(f"{url}/metrics", timeout=60).text)
    # Any worker reports the metrics of all, so that a counter never jumps between two values.
    for _ in range(6):
        figures = httpx.get(f"{url}/metrics", timeout=60).text
        assert 'backchannel_worker_up{worker="0"} 1' in figures
        assert 'backchannel_worker_up{worker="1"} 1' in figures
        assert 'backchannel_connections_opened_total{worker="1",' in figures
        assert "_created" not in figures
    now = workers_of(server)
    os.kill(next(iter(now)), signal.SIGSTOP)
    wait_until(lambda: len(workers_of(server) - now) == 1 and len(workers_of(server)) == 2)
    talk()
    server.send_signal(signal.SIGTERM)
    _, err = server.communicate(timeout=60)
    assert server.returncode == 0
    assert "Traceback" not in err
