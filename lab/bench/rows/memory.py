"""What 5,000 idle connections cost: the growth of the server's resident memory, for each.

Ours are authenticated and each person is in five rooms of 50; the peers' are in one room. The base is the process as it
started, before anybody came; what is loaded and cached at the first connections counts as theirs.
"""

from __future__ import annotations

import time

from lab.bench.generator import Generator, generator
from lab.bench.peers import PEERS
from lab.bench.results import Bench
from lab.bench.servers import Missing, Server, backchannel

CONNECTIONS = 5000


def run(bench: Bench) -> None:
    """Our server, then each peer."""
    count = 1000 if bench.quick else CONNECTIONS
    if bench.wants("backchannel"):
        with backchannel(["--people", str(count), "--small", "5x50"]) as server:
            _measure(bench, "backchannel", "backchannel", server, [(token, 0) for token in server.world["tokens"]])
    for peer in PEERS:
        if bench.wants(peer.name) and not (bench.quick and peer.name != "node-ws"):
            try:
                with peer.start() as server:
                    _measure(bench, peer.name, peer.dialect, server, [("-", 1)] * count)
            except Missing as missing:
                bench.miss(f"{peer.name}: {missing}")


def _measure(bench: Bench, name: str, dialect: str, server: Server, members: list[tuple[str, int]]) -> None:
    base = server.rss()
    with generator(server, dialect, members) as load:
        opened = load.connect(len(members), at_once=32)
        load.command("idle", seconds=2)
        time.sleep(1)
        full = server.rss()
        bench.add(
            name,
            {
                "connections": opened["connections"],
                "base_mib": round(base / 2**20, 1),
                "kib_per_connection": round((full - base) / 1024 / opened["connections"], 2),
                "connects_per_s": round(opened["connections"] / opened["seconds"]),
                "whole": opened["connections"] == len(members),
                **({"idle_cpu_share": _heartbeats(load)} if name == "backchannel" and not bench.quick else {}),
            },
        )


def _heartbeats(load: Generator) -> float:
    """The share of the core that connections cost by being there: one round of heartbeats passes meanwhile."""
    idle = load.command("idle", seconds=31)
    return round(float(idle["server_cpu_s"] / idle["seconds"]), 4)
