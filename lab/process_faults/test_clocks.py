"""Nodes whose clocks are a day off, each in its direction: order, delivery and "who is the newer" are as ever."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

import machine
from lab.process_faults.conftest import of_postgres
from lab.process_faults.node import Node, Socket, new_id, open_socket

pytestmark = pytest.mark.prove

DAY_S = 24 * 3600
Make = Callable[[dict[str, str]], Node]


def clock(seconds: int) -> dict[str, str]:
    """The environment of a process whose time of day is so far off. Its timers are right."""
    library = machine.find_faketime()
    if library is None:
        pytest.skip("there is no libfaketime on this machine: apt-get install faketime")
    return {"LD_PRELOAD": str(library), "FAKETIME": f"{seconds:+d}", "DONT_FAKE_MONOTONIC": "1"}


def test_a_clock_that_jumps_by_days_between_two_starts_changes_no_order(node: Node) -> None:
    [token] = node.people("ada")
    ids = []
    for off_s in (DAY_S, -DAY_S, 0):
        node.start(**clock(off_s))
        with open_socket(node, token) as socket:
            ids.append(new_id())
            socket.send(ids[-1])
            assert socket.answer(ids[-1])["type"] == "ack"
            socket.expect_messages(ids[-1:])
        assert node.messages(token) == ids
        node.stop()


@of_postgres
def test_nodes_with_clocks_a_day_apart_agree_which_socket_is_newer(
    nodes: Make, environment: dict[str, str], folder: Path
) -> None:
    shared = {
        **environment,
        "BACKCHANNEL_REDIS_URL": os.environ["BACKCHANNEL_TEST_REDIS_URL"],
        "BACKCHANNEL_SECRET_KEY": "shared by both nodes" * 2,
    }
    fast = nodes({**shared, "BACKCHANNEL_DATA": str(folder / "fast")})
    slow = nodes({**shared, "BACKCHANNEL_DATA": str(folder / "slow")})
    [ada] = fast.people("ada")
    fast.start(**clock(DAY_S))
    slow.start(**clock(-DAY_S))
    for first, second in ((fast, slow), (slow, fast)):
        instance = new_id()
        with open_socket(first, ada, instance=instance) as older, open_socket(second, ada, instance=instance) as newer:
            assert closed(older) == 4409
            message_id = new_id()
            newer.send(message_id)
            assert newer.answer(message_id)["type"] == "ack"
            assert newer.is_alive()
    assert fast.messages(ada) == slow.messages(ada)


def closed(socket: Socket) -> int | None:
    """Wait for the end; its code."""
    with pytest.raises(ConnectionClosed) as ended:
        socket.until("nothing that is ever said")
    return ended.value.rcvd.code if ended.value.rcvd else None
