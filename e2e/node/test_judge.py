"""The judge of the talkers sees every fault it is there for: else its silence means nothing."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from e2e.node.talkers import Judge
from e2e.support.database import Stored

ROOM = 7
STORED = [Stored(f"id-{n}", n, "ada1", f"phone {n}", deleted=False) for n in (1, 2, 3)]


class Tables:
    """Three messages of Ada's phone in one room; Ben has read one."""

    def messages(self, room_id: int) -> list[Stored]:
        return STORED

    def check_log(self, room_id: int) -> None:
        """In order."""

    def unread(self, room_id: int, username: str) -> int:
        return 0


def a_device() -> dict[str, Any]:
    messages = [{"id": m.id, "seq": m.seq, "content": m.content} for m in STORED]
    return {
        "name": "phone",
        "status": "connected",
        "outbox": {"waiting": 0},
        "faults": [],
        "acked": [{"roomId": ROOM, **message} for message in messages],
        "rooms": [
            {
                "roomId": ROOM,
                "shown": messages,
                "hasOlder": False,
                "hasNewer": False,
                "unread": 0,
                "written": [m.content for m in STORED],
            }
        ],
    }


def judge() -> Judge:
    return Judge(Tables(), {"phone": "ada1"})  # type: ignore[arg-type]


def test_it_has_nothing_against_a_device_that_shows_what_is_stored() -> None:
    assert judge().unsettled([a_device()]) == []
    assert judge().anomalies([a_device()]) == []


ANOMALIES: dict[str, Callable[[dict[str, Any]], object]] = {
    "acked and lost": lambda d: d["acked"][0].update(id="nowhere"),
    "an ack too few": lambda d: d["acked"].pop(),
    "shown twice": lambda d: d["rooms"][0]["shown"].append(d["rooms"][0]["shown"][-1]),
    "shown out of order": lambda d: d["rooms"][0]["shown"].reverse(),
    "a hole in what is shown": lambda d: d["rooms"][0]["shown"].pop(1),
    "other text than is stored": lambda d: d["rooms"][0]["shown"][1].update(content="else"),
    "stored in another order than written": lambda d: d["rooms"][0]["written"].reverse(),
    "written and not stored": lambda d: d["rooms"][0]["written"].append("phone 4"),
    "seen by the device itself": lambda d: d["faults"].append("room 7 shows something twice"),
}


@pytest.mark.parametrize("what", ANOMALIES)
def test_it_sees_an_anomaly(what: str) -> None:
    device = copy.deepcopy(a_device())
    ANOMALIES[what](device)
    assert judge().anomalies([device])


UNSETTLED: dict[str, Callable[[dict[str, Any]], object]] = {
    "not connected": lambda d: d.update(status="disconnected"),
    "something waits": lambda d: d["outbox"].update(waiting=1),
    "the newest is missing": lambda d: d["rooms"][0]["shown"].pop(),
    "other unread count": lambda d: d["rooms"][0].update(unread=2),
}


@pytest.mark.parametrize("what", UNSETTLED)
def test_it_sees_what_is_not_settled(what: str) -> None:
    device = copy.deepcopy(a_device())
    UNSETTLED[what](device)
    assert judge().unsettled([device])
