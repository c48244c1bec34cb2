"""One room, everybody in it hears everything: deliveries a second and what each costs, as fast as the server can.

`window` messages are under way at a time, said by a hundred members in turn: one, where every event travels alone, and
eight, where a server may put together what gathers.
"""

from __future__ import annotations

from bench.generator import Generator, generator, member_lines
from bench.peers import PEERS
from bench.results import Bench
from bench.servers import Missing, Server, backchannel

SIZES = (100, 1000, 5000)
WINDOWS = (1, 8)
SENDERS = 100


def run(bench: Bench) -> None:
    """Our server, then each peer."""
    sizes = SIZES[:2] if bench.quick else SIZES
    if bench.wants("backchannel"):
        world = ["--people", str(max(sizes)), "--rooms", ",".join(map(str, sizes))]
        with backchannel(world) as server:
            for size in sizes:
                room = server.world["rooms"][str(size)]
                with generator(server, "backchannel", member_lines(server, room, size)) as load:
                    _measure(bench, "backchannel", load, size)
    for peer in PEERS:
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
        messages = _enough(load, size, window, 0.4 if bench.quick else 0.8)
        runs = []
        for _ in range(bench.runs):
            runs.append(load.command("closed", messages=messages, window=window, senders=SENDERS, patience=5))
            if runs[-1]["done"] < messages:
                break  # what is still under way would spoil the next
        bench.case(name, runs, members=size, window=window)


def _enough(load: Generator, size: int, window: int, seconds: float) -> int:
    """How many messages take about so long, found by a first run that also warms everything up."""
    first = load.command("closed", messages=max(4 * window, 5000 // size), window=window, senders=SENDERS, patience=10)
    rate = first["done"] / first["seconds"] if first["seconds"] else 1
    second = load.command("closed", messages=max(window, int(rate * 0.2)), window=window, senders=SENDERS, patience=5)
    rate = max(1.0, second["done"] / second["seconds"] if second["seconds"] else 1.0)
    return min(100_000, max(2 * window, int(rate * seconds)))
