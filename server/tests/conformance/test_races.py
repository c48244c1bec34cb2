"""A member is removed and added again while they send and receive on both transports. In whatever order this happens, a send is
stored within a membership or refused, and the client receives no event from outside a membership."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from websockets.exceptions import ConnectionClosed

from tests.running import Running, Someone, somebody

ROUNDS = 12


class Scene:
    """ada's channel, from which ben is removed and to which he is added. `answers`: id of ben's send → seq, or code of the refusal."""

    def __init__(self, server: Running) -> None:
        self.server = server
        self.ada, self.ben = somebody("ada"), somebody("ben")
        made = server.do(self.ada, "create_room", kind="channel", name=f"c{uuid4().hex}", members=[self.ben.id])
        self.room = int(made["room"]["id"])
        self.answers: dict[str, str | int] = {}
        self.received: list[int] = []
        self.is_over = threading.Event()

    def change_membership(self, by_oneself: bool) -> None:
        for n in range(ROUNDS):
            if by_oneself:
                self.server.do(self.ben, "leave_room", room_id=self.room)
            else:
                self.server.do(self.ada, "remove_member", room_id=self.room, user_id=self.ben.id)
            self.server.do(self.ada, "send_message", room_id=self.room, content=f"while ben is out {n}")
            if n < ROUNDS - 1:
                self.server.do(self.ada, "add_members", room_id=self.room, user_ids=[self.ben.id])
        self.is_over.set()

    def send_over_http(self) -> None:
        while not self.is_over.is_set():
            id_ = str(uuid4())
            answer = self.server.call(self.ben, "send_message", room_id=self.room, content="by HTTP", id=id_)
            self.answers[id_] = answer.body["message"]["seq"] if answer.ok else str(answer.code)

    def send_over_socket(self) -> None:
        with self.server.device(self.ben) as device:
            while not self.is_over.is_set():
                id_ = str(uuid4())
                answer = device.call("send_message", room_id=self.room, content="by socket", id=id_)
                self.answers[id_] = answer.body["message"]["seq"] if answer.ok else str(answer.code)
            self._listen(device)

    def reconnect(self) -> None:
        """Connect again and again without cursors, so that reads overlap with changes of membership."""
        while not self.is_over.is_set():
            with self.server.device(self.ben) as device:
                self._listen(device)

    def poll(self) -> None:
        resume: Any = None
        while not self.is_over.is_set():
            answer = self.server.sync(self.ben, resume, wait=0.05).json()
            self.received += [
                frame["seq"] for frame in answer["frames"] if frame.get("room_id") == self.room and "seq" in frame
            ]
            resume = {"epoch": answer["epoch"], "user_version": answer["user_version"], "rooms": {}}

    def _listen(self, device: Any) -> None:
        """Record the events received up to the answer to a ping."""
        try:
            device.call("ping")
        except ConnectionClosed:
            pass
        self.received += [
            frame["seq"] for frame in device.received if frame.get("room_id") == self.room and "seq" in frame
        ]

    def spans(self, events: list[dict[str, Any]]) -> list[tuple[int, int]]:
        """Pairs of seqs: between them ben was a member."""
        found, since = [], 0
        for event in events:
            if event["type"] in ("member_left", "member_joined") and event["user"]["id"] == self.ben.id:
                if event["type"] == "member_left":
                    found.append((since, event["seq"]))
                else:
                    since = event["seq"]
        return found


def log_of(server: Running, who: Someone, room: int) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    while page := server.do(who, "get_events", room_id=room, after=len(events))["events"]:
        events += page
    return events


@pytest.mark.parametrize("by_oneself", [False, True], ids=["removed", "left"])
def test_sends_and_received_events_keep_to_the_membership_while_it_changes(server: Running, by_oneself: bool) -> None:
    scene = Scene(server)
    work = (scene.send_over_http, scene.send_over_socket, scene.reconnect, scene.poll)
    with ThreadPoolExecutor(len(work) + 1) as threads:
        done = [threads.submit(each) for each in work]
        done.append(threads.submit(scene.change_membership, by_oneself))
        for each in done:
            each.result()

    events = log_of(server, scene.ada, scene.room)
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    spans = scene.spans(events)
    stored = {event["message"]["id"]: event["seq"] for event in events if event["type"] == "message_created"}
    for id_, answer in scene.answers.items():
        if isinstance(answer, int):
            assert stored[id_] == answer
            assert any(since < answer < until for since, until in spans)
        else:
            assert answer == "not_a_member"
            assert id_ not in stored
    outside = {seq for seq in scene.received if not any(since < seq < until for since, until in spans)}
    assert outside == set()
    assert {type(answer) for answer in scene.answers.values()} == {int, str}
