"""kill -9 at every step of a file: its client goes on with the node that is started next, and the bytes are equal, claimed once, and no more."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from lab.process_faults.node import PATIENCE_S, Node

pytestmark = pytest.mark.prove

PLACES = ("piece_stored", "piece_entered", "check_taken", "blobs_entered", "blobs_stored", "file_finished")
CONTENT = os.urandom(700_000)
PIECE = 200_000


class Sender:
    """Does what SPEC 5.8 says: after any failure it asks, and goes on."""

    def __init__(self, node: Node, token: str, room_id: int) -> None:
        self.node = node
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
                assert self.node.stop() == -9
                self.kills += 1
                self.node.start()
                continue
            if message is not None:
                return message
        raise AssertionError("the file was never sent")

    def _step(self) -> dict[str, Any] | None:
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
        answer = self.node.http.request(method, address, headers=self.headers, **rest)
        assert answer.status_code < 300, answer.text
        return answer.json()


@pytest.mark.parametrize("place", PLACES)
def test_a_file_survives_the_death_of_its_node_at_every_step(node: Node, place: str) -> None:
    [token] = node.people("ada")
    node.start(BACKCHANNEL_FAILPOINT=f"{place}:2" if place.startswith("piece") else place)
    headers = {"Authorization": f"Bearer {token}"}
    made = node.http.post("/api/rooms", json={"kind": "group", "name": "G"}, headers=headers).json()
    sender = Sender(node, token, made["room"]["id"])
    message = sender.run()
    assert sender.kills == 1
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
