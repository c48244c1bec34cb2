"""kill -9 at every step of a file: its client goes on with the node that is started next, or with the other one, and the bytes are equal,
claimed once, and no more."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

import services
from lab.process_faults.conftest import of_postgres
from lab.process_faults.node import PATIENCE_S, Node

pytestmark = pytest.mark.prove

PLACES = ("piece_stored", "piece_entered", "check_taken", "blobs_entered", "blobs_stored", "file_finished")
CONTENT = os.urandom(700_000)
PIECE = 150_000
"""Five pieces: of two nodes, the first gets the last one, and checks the file, but for a chance."""


class Sender:
    """Does what SPEC 5.8 says: after any failure it asks, and goes on. Its steps take turns at the nodes."""

    def __init__(self, nodes: list[Node], token: str, room_id: int) -> None:
        self.nodes = nodes
        self.headers = {"Authorization": f"Bearer {token}"}
        self.announced = {"id": str(uuid4()), "room_id": room_id, "name": "a.bin", "size": len(CONTENT)}
        self.message = {"id": str(uuid4()), "content": "", "attachments": [self.announced["id"]]}
        self.room_id = room_id
        self.kills = 0

    def run(self) -> dict[str, Any]:
        """The message, once it is sent."""
        deadline = time.monotonic() + 4 * PATIENCE_S
        while time.monotonic() < deadline:
            try:
                message = self._step()
            except httpx.TransportError:
                node = self.nodes.pop()
                assert node.stop() == -9
                self.kills += 1
                if not self.nodes:
                    self.nodes.append(node.start())
                continue
            if message is not None:
                return message
        raise AssertionError("the file was never sent")

    def _step(self) -> dict[str, Any] | None:
        # The last one is asked: it is taken away if it does not answer.
        self.nodes.append(self.nodes.pop(0))
        upload = self._ask("POST", "/api/uploads", json=self.announced)["upload"]
        if upload["state"] == "receiving":
            at = upload["offset"]
            address = f"/api/uploads/{upload['id']}?offset={at}"
            self._ask("PUT", address, content=CONTENT[at : at + PIECE])
        elif upload["state"] == "checking":
            time.sleep(0.2)
        else:
            sent = self._ask("POST", f"/api/rooms/{self.room_id}/messages", json=self.message)
            return dict(sent["message"])
        return None

    def _ask(self, method: str, address: str, **rest: Any) -> Any:
        answer = self.nodes[-1].http.request(method, address, headers=self.headers, **rest)
        assert answer.status_code < 300, answer.text
        return answer.json()


@pytest.mark.parametrize("place", PLACES)
def test_a_file_survives_the_death_of_its_node_at_every_step(node: Node, place: str) -> None:
    [token] = node.people("ada")
    node.start(BACKCHANNEL_FAILPOINT=f"{place}:2" if place.startswith("piece") else place)
    _send_and_look([node], token)


@of_postgres  # SQLite has one server
@pytest.mark.parametrize("place", PLACES)
def test_a_file_survives_the_death_of_one_of_two_nodes_at_every_step(
    nodes: Callable[[dict[str, str]], Node], environment: dict[str, str], place: str
) -> None:
    with services.redis() as url:
        one, other = (nodes({**environment, "BACKCHANNEL_REDIS_URL": url}) for _ in range(2))
        [token] = one.people("ada")
        one.start(BACKCHANNEL_FAILPOINT=place)
        other.start()
        _send_and_look([one, other], token)


def _send_until_a_node_dies(nodes: list[Node], token: str, room_id: int) -> tuple[Sender, dict[str, Any]]:
    """The other of two nodes may have checked the first file."""
    while True:
        sender = Sender(nodes, token, room_id)
        message = sender.run()
        if sender.kills:
            return sender, message


def _send_and_look(nodes: list[Node], token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    made = nodes[0].http.post("/api/rooms", json={"kind": "group", "name": "G"}, headers=headers).json()
    sender, message = _send_until_a_node_dies(nodes, token, made["room"]["id"])
    assert sender.kills == 1
    [node] = sender.nodes
    (attachment,) = message["attachments"]
    got = node.http.get(attachment["url"], headers=headers)
    assert hashlib.sha256(got.content).digest() == hashlib.sha256(CONTENT).digest()
    again = node.http.post(
        f"/api/rooms/{sender.room_id}/messages", json={**sender.message, "id": str(uuid4())}, headers=headers
    )
    assert again.json()["code"] == "upload_claimed"
    assert node.stop() == 0

    node.cli("files", "sweep", "--now")
    folder = Path(node.environment["BACKCHANNEL_DATA"]) / "uploads"
    assert [path.stat().st_size for path in folder.rglob("*") if path.is_file()] == [len(CONTENT)]
