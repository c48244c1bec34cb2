"""One room whose members receive every message: deliveries a second and the cost of each, as fast as the server can.

`window` messages are under way at a time, said by a hundred members in turn: one, where every event travels alone, and
eight, where a server may put together what gathers.
"""

from __future__ import annotations

from typing import Any

from lab.bench.generator import Generator, generator, member_lines
from lab.bench.peers import FANOUT
from lab.bench.results import Bench
from lab.bench.servers import Missing, Server, backchannel

SIZES = (100, 1000, 5000)
WINDOWS = (1, 8)
SENDERS = 100
TOO_SLOW_MS = 500
"""A server that takes longer for a message at the median is measured once, and not asked for more."""


def run(bench: Bench) -> None:
    """Our server, then each peer, then the floor."""
    sizes = SIZES[1:2] if bench.quick else SIZES
    if bench.wants("backchannel"):
        world = ["--people", str(max(sizes)), "--rooms", ",".join(map(str, sizes))]
        with backchannel(world) as server:
            for size in sizes:
                room = server.world["rooms"][str(size)]
                with generator(server, "backchannel", member_lines(server, room, size)) as load:
                    _measure(bench, "backchannel", load, size)
    for peer in FANOUT:
        if not bench.wants(peer.name):
            continue
        for size in sizes:
            try:
                with peer.start() as server:
                    _peer(bench, peer.name, peer.dialect, server, size)
            except Missing as missing:
                bench.miss(f"{peer.name} with {size} members: {missing}")


def _peer(bench: Bench, name: str, dialect: str, server: Server, size: int) -> None:
    with generator(server, dialect, [("-", 1)] * size) as load:
        _measure(bench, name, load, size)


def _measure(bench: Bench, name: str, load: Generator, size: int) -> None:
    load.connect(size)
    for window in WINDOWS:
        first = _run(load, window, max(window, 2000 // size))
        if first["ms"]["p50"] > TOO_SLOW_MS:
            bench.case(name, [first], members=size, window=window)
            return
        second = _run(load, window, max(window, int(0.2 * _per_s(first))))
        messages = min(100_000, max(window, int((0.3 if bench.quick else 0.8) * _per_s(second))))
        runs: list[dict[str, Any]] = []
        while len(runs) < bench.runs and all(run["done"] == messages for run in runs):
            runs.append(_run(load, window, messages))
        bench.case(name, runs, members=size, window=window)


def _run(load: Generator, window: int, messages: int) -> dict[str, Any]:
    return load.command("closed", messages=messages, window=window, senders=SENDERS, patience=5)


def _per_s(run: dict[str, Any]) -> float:
    return max(1.0, run["done"] / run["seconds"]) if run["seconds"] else 1.0
