"""Three devices of two people talk while everything around them breaks, from a seed; then it is quiet, and all must agree."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from e2e.network.faults import BOTH, Faults
from e2e.network.proxy import Proxy
from e2e.node.talkers import Judge, Talkers, bundle
from e2e.support.api import Api
from e2e.support.database import Database
from e2e.support.server import Account, Server
from e2e.support.wait import eventually

# Another seed, another story: SEED=7 pytest e2e/node
SEED = int(os.environ.get("SEED", "1"))
SWITCHES = int(os.environ.get("SWITCHES", "30"))

LASTING = {
    "refuse": Faults(refuse=True),
    "upgrade 403": Faults(upgrade_status=403),
    "upgrade 426": Faults(upgrade_status=426),
    "upgrade 502": Faults(upgrade_status=502),
    "upgrade stripped": Faults(strip_upgrade=True),
    "upgrade hangs": Faults(hang_upgrade=True),
    "silent up": Faults(ws_silence=frozenset({"up"})),
    "silent down": Faults(ws_silence=frozenset({"down"})),
    "silent both": Faults(ws_silence=BOTH),
    "killed after 200 ms": Faults(ws_lives_s=0.2),
    "delay": Faults(delay_s=0.15),
    "throttle": Faults(bytes_per_s=20_000),
    "buffer": Faults(buffer=True),
}
AT_ONCE: dict[str, Callable[[Proxy], object]] = {
    "reset all": lambda proxy: proxy.cut(),
    "reset sockets": lambda proxy: proxy.cut("ws"),
    "reset requests": lambda proxy: proxy.cut("http"),
    "down": lambda proxy: proxy.down(),
    "socket falls silent": lambda proxy: proxy.silence("ws"),
    "socket is deaf": lambda proxy: proxy.silence("ws", frozenset({"down"})),
    "half-close": lambda proxy: proxy.half_close("ws"),
}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bundle(tmp_path_factory.mktemp("node"))


@pytest.fixture
def pair(server: Server, supply: Iterator[Account]) -> Iterator[tuple[Api, Api]]:
    two = Api(server, next(supply)), Api(server, next(supply))
    yield two
    for each in two:
        each.close()


def break_network(rng: random.Random, proxies: list[Proxy]) -> str:
    """One fault for some of the devices."""
    chosen = rng.choice((proxies, *([proxy] for proxy in proxies)))
    name = rng.choice((*LASTING, *AT_ONCE))
    for proxy in chosen:
        if name in LASTING:
            proxy.apply(LASTING[name])
            # Most of these are about sockets that open: see to it that one does.
            proxy.cut("ws")
        else:
            AT_ONCE[name](proxy)
    return f"{name} for {len(chosen)}"


@pytest.mark.timeout(300)
def test_nothing_is_lost_doubled_or_out_of_order_whatever_breaks(
    program: Path, server: Server, pair: tuple[Api, Api], proxies: Callable[[], Proxy], database: Database
) -> None:
    ada, ben = pair
    rooms = [ada.create_room("group", ben, name=name)["id"] for name in ("Nest", "Reef")]
    devices = {"ada-phone": ada, "ada-laptop": ada, "ben-phone": ben}
    nets = [proxies() for _ in devices]
    scene = {
        "seed": SEED,
        "rooms": rooms,
        "devices": [
            {"name": name, "baseUrl": net.url, "token": api.account.token}
            for (name, api), net in zip(devices.items(), nets, strict=True)
        ],
    }
    rng = random.Random(SEED)
    talkers = Talkers(program, scene)
    story: list[str] = []
    try:
        assert talkers.ready.wait(60)
        # The server itself goes twice, once politely.
        restarts = {SWITCHES // 3: server.stop, 2 * SWITCHES // 3: server.kill}
        for n in range(SWITCHES):
            story.append(break_network(rng, nets))
            time.sleep(rng.uniform(0.1, 0.7))
            if n in restarts:
                restarts[n]()
                server.start()
            for net in nets:
                net.heal()
            if rng.random() < 0.7:
                talkers.wake()
                before = talkers.total_acked()
                eventually(partial(has_acked_more, talkers, before + 3))
        talkers.hush()
        judge = Judge(database, {name: api.account.username for name, api in devices.items()})
        eventually(lambda: not_any(judge.unsettled(talkers.report())), within_s=120)
        report = talkers.report()
        not_any(judge.anomalies(report))
    finally:
        talkers.stop()
        print(f"seed {SEED}: {', '.join(story)}")
    methods = {method for _, method in talkers.acked}
    assert methods == {"websocket", "rest"}
    assert all(device["switches"] >= 2 for device in report), "the transports hardly changed: nothing was proved"
    print({device["name"]: device["switches"] for device in report}, dict(talkers.acked))


def not_any(found: list[str]) -> None:
    assert not found, "\n".join(found)


def has_acked_more(talkers: Talkers, than: int) -> bool:
    return talkers.total_acked() > than
