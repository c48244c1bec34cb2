"""What a node notices by itself: a new epoch, however it comes about."""

import asyncio
import uuid

import pytest

from backchannel.store.models import Workspace
from backchannel.store.workspace import set_epoch
from tests.running import PATIENCE_S, Device, Running, somebody

BEGINNINGS = {
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


def test_a_new_epoch_closes_connections_whatever_was_read_before(server: Running) -> None:
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


def test_a_connection_opened_without_an_epoch_is_closed_when_there_is_one(server: Running) -> None:
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


@pytest.fixture(autouse=True)
def _well(server: Running) -> None:
    set_epoch(uuid.uuid4().hex)
