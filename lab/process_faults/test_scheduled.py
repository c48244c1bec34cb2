"""kill -9 while scheduled messages are due: each is sent once, in the order of their times, whichever node does it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from lab.process_faults.conftest import of_postgres
from lab.process_faults.node import PATIENCE_S, ROOM, Node, bearer, new_id, text_of
from lab.process_faults.test_clocks import clock

pytestmark = pytest.mark.prove

PLACES = ("before_commit", "after_commit", "before_publish", "after_publish")
DAY_S = 24 * 3600
Make = Callable[[dict[str, str]], Node]


def put(node: Node, token: str, message_id: str, at: datetime) -> httpx.Response:
    body = {"at": at.isoformat(), "room_id": ROOM, "content": text_of(message_id)}
    return node.http.put(f"/api/scheduled/{message_id}", json=body, headers=bearer(token))


def schedule(node: Node, token: str, at: datetime) -> str:
    message_id = new_id()
    answer = put(node, token, message_id, at)
    assert answer.status_code == 200, answer.text
    return message_id


def waiting(node: Node, token: str) -> list[str]:
    """Ids of what waits or could not be sent."""
    answer = node.http.get("/api/scheduled", headers=bearer(token))
    answer.raise_for_status()
    return [each["id"] for each in answer.json()["scheduled"]]


def wait_until_left(node: Node, token: str, left: list[str]) -> None:
    """Until these alone wait."""
    until = time.monotonic() + PATIENCE_S
    while waiting(node, token) != left:
        assert time.monotonic() < until, "something still waits"
        time.sleep(0.1)


@pytest.mark.parametrize("place", PLACES)
def test_a_node_that_is_killed_while_messages_are_due_leaves_each_to_be_sent_once(node: Node, place: str) -> None:
    [token] = node.people("ada")
    # It dies at the first message that it sends.
    node.start(BACKCHANNEL_FAILPOINT=f"{place}:1")
    ids = [schedule(node, token, datetime.now(UTC) + timedelta(days=1)) for _ in range(5)]
    due = [message_id for message_id in ids if is_sent_now(node, token, message_id)]
    assert node.process is not None
    node.process.wait(PATIENCE_S)
    assert node.stop() == -9

    node.start()
    for message_id in ids[len(due) :]:
        assert is_sent_now(node, token, message_id)
    wait_until_left(node, token, [])
    assert node.messages(token) == ids
    # What a device sends again by hand is the same message.
    assert [node.post(token, message_id).json()["duplicate"] for message_id in ids] == [True] * 5
    assert node.messages(token) == ids


def is_sent_now(node: Node, token: str, message_id: str) -> bool:
    """Order its sending now. False if the node has died."""
    try:
        answer = put(node, token, message_id, datetime.fromtimestamp(0, UTC))
    except httpx.TransportError:
        return False
    # 409: it was ordered before by a request whose answer was lost.
    assert answer.status_code in (200, 409), answer.text
    return True


def test_what_became_due_while_no_node_ran_is_sent_by_the_next_start(node: Node) -> None:
    [token] = node.people("ada")
    node.start()
    ids = [schedule(node, token, datetime.now(UTC) + timedelta(seconds=1, milliseconds=n)) for n in range(3)]
    later = schedule(node, token, datetime.now(UTC) + timedelta(days=1))
    node.stop()
    time.sleep(2)
    node.start()
    wait_until_left(node, token, [later])
    assert node.messages(token) == ids


@of_postgres
def test_three_nodes_whose_clocks_differ_by_days_send_each_once_when_it_is_due_by_the_database(
    nodes: Make, environment: dict[str, str], folder: Path
) -> None:
    shared = {
        **environment,
        "BACKCHANNEL_REDIS_URL": os.environ["BACKCHANNEL_TEST_REDIS_URL"],
        "BACKCHANNEL_SECRET_KEY": "shared by all nodes" * 2,
    }
    three = [nodes({**shared, "BACKCHANNEL_DATA": str(folder / name)}) for name in ("right", "fast", "slow")]
    [token] = three[0].people("ada")
    for each, off_s in zip(three, (0, DAY_S, -DAY_S), strict=True):
        each.start(**(clock(off_s) if off_s else {}))
    soon = datetime.now(UTC) + timedelta(seconds=2)
    ids = [schedule(three[n % 3], token, soon + timedelta(milliseconds=n)) for n in range(9)]
    tomorrow = schedule(three[1], token, datetime.now(UTC) + timedelta(hours=12))
    three[0].stop(signal.SIGKILL)
    wait_until_left(three[1], token, [tomorrow])
    assert three[1].messages(token) == ids
