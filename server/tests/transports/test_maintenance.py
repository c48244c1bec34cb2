"""A node notices a new epoch by itself and closes the connections of the old one."""

import asyncio
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from backchannel.fanout.presence import GRACE_S
from backchannel.store.models import Workspace
from backchannel.store.workspace import set_epoch
from tests.running import PATIENCE_S, Device, Running, somebody

NEWCOMER = ["hello", "room_list", "caught_up"]
BEGINNINGS: dict[str, list[str | None]] = {
    "at once": [],
    "empty for a moment": [""],
    "missing for a moment": [None],
    "old again for a moment": ["old"],
    "missing, empty, old": [None, "", "old"],
}


def look(server: Running) -> None:
    loop = server.chat.log._loop
    asyncio.run_coroutine_threadsafe(server.chat.maintenance.reconcile(), loop).result(PATIENCE_S)


def have(epoch: str | None) -> None:
    if epoch is None:
        Workspace.objects.filter(pk=1).delete()
    else:
        set_epoch(epoch)


def test_a_new_epoch_closes_the_connections_opened_in_an_older_one(server: Running) -> None:
    ada = somebody("ada")
    for between in list(BEGINNINGS.values()) * 5:
        look(server)
        old = Workspace.objects.get(pk=1).epoch
        device: Device = server.device(ada)
        name = Workspace.objects.get(pk=1).name
        for epoch in between:
            have(old if epoch == "old" else epoch)
            look(server)
        have(uuid.uuid4().hex)
        Workspace.objects.filter(pk=1).update(name=name)
        look(server)
        assert device.closed() == (1012, "new_epoch")


def test_a_connection_opened_before_there_was_an_epoch_is_closed_when_there_is_one(server: Running) -> None:
    ada = somebody("ada")
    set_epoch("")
    look(server)
    device = server.device(ada)
    set_epoch(uuid.uuid4().hex)
    look(server)
    assert device.closed() == (1012, "new_epoch")


def test_an_unchanged_epoch_closes_no_connection(server: Running) -> None:
    look(server)
    with server.device(somebody("ada")) as device:
        for _ in range(3):
            look(server)
        assert device.take() is not None


def test_people_stay_present_through_a_new_epoch_and_are_offline_once_they_go(server: Running) -> None:
    """Polls start over, and sockets come back within the grace. No link is lost by that, nor counted twice."""
    polling, connected = somebody("polling"), somebody("connected")
    presence = server.chat.node.presence

    def went_offline() -> set[int]:
        """Of the two, once the grace of whatever has no link now is over."""
        reports = server.in_loop(lambda: presence.tick(server.chat.node.context.clock() + GRACE_S))
        return {report.user_id for report in reports if report.state == "offline"} & {polling.id, connected.id}

    device = server.device(connected, instance="a device")
    first = server.sync(polling, client={"instance": "a device"}).json()
    resume = {"epoch": first["epoch"], "user_version": first["user_version"], "rooms": {}}
    server.wait_until(lambda: {presence.state_of(each.id) for each in (polling, connected)} == {"online"})
    for _ in range(3):
        with ThreadPoolExecutor(1) as thread:
            waiting = thread.submit(server.sync, polling, resume, 25, client={"instance": "a device"})
            server.wait_until(lambda: server.polls_of(polling))
            set_epoch(uuid.uuid4().hex)
            look(server)
            answer = waiting.result().json()
        assert [frame["type"] for frame in answer["frames"] if frame["type"] != "presence"] == NEWCOMER
        resume = {"epoch": answer["epoch"], "user_version": answer["user_version"], "rooms": {}}
        assert device.closed() == (1012, "new_epoch")
        device = server.device(connected, instance="a device")
        waiting_again = server.sync(polling, resume, client={"instance": "a device"})
        assert waiting_again.json()["frames"] == []
        assert went_offline() == set()
    device.close()
    server.forget_devices_of(polling)
    server.wait_until(lambda: not server.in_loop(server.chat.hub.subscribers_of, connected.id))
    assert went_offline() == {polling.id, connected.id}


@pytest.fixture(autouse=True)
def _well(server: Running) -> None:
    set_epoch(uuid.uuid4().hex)
