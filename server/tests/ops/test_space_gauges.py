"""Free space is exported only if it is known: a 0 would raise an alert about a full disk."""

import asyncio

import prometheus_client
import pytest

from backchannel.ops.watch import Watch
from backchannel.store import disk
from backchannel.store.disk import Disk, Space


async def well() -> None:
    return


def exported(found: Space | None, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(disk, "space", lambda of=None: found)
    asyncio.run(Watch(Disk(), well, well).look())
    return prometheus_client.generate_latest().decode()


def test_the_space_of_a_database_on_another_machine_is_not_exported_as_0(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("backchannel_data_free_bytes", "backchannel_data_size_bytes")
    registered = [gauge for gauge in prometheus_client.REGISTRY._names_to_collectors if gauge in names]
    if not registered:
        assert not any(name in exported(None, monkeypatch) for name in names)
    known = exported(Space(free=7 * 1024**3, size=9 * 1024**3), monkeypatch)
    assert f"{names[0]} 7.516192768e+09" in known
    assert f"{names[1]} 9.663676416e+09" in known
