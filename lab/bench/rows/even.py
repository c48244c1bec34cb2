"""One room of 1,000, messages at an even rate whatever comes back: how long a message takes to each member.

The time counts from the moment a message was due, so a server that falls behind cannot hide it. Eight members send in
turn, as our server takes 200 WebSocket messages a second from one connection and no more. A server is asked for no higher
rate once it needs more than a second at p99, or loses something.
"""

from __future__ import annotations

from lab.bench.generator import Generator, generator, member_lines
from lab.bench.peers import FANOUT
from lab.bench.results import Bench
from lab.bench.servers import Missing, backchannel

MEMBERS = 1000
RATES = (20, 100, 200, 400, 800)
QUICK_RATES = (20, 200, 800)
QUICK_PEERS = ("node-ws", "nats-server", "floor")
SENDERS = 8
GIVEN_UP_MS = 1000


def run(bench: Bench) -> None:
    """Our server, then each peer, then the floor."""
    if bench.wants("backchannel"):
        with backchannel(["--people", str(MEMBERS), "--rooms", str(MEMBERS)]) as server:
            room = server.world["rooms"][str(MEMBERS)]
            with generator(server, "backchannel", member_lines(server, room, MEMBERS)) as load:
                _measure(bench, "backchannel", load)
    for peer in FANOUT:
        if not bench.wants(peer.name) or (bench.quick and peer.name not in QUICK_PEERS):
            continue
        try:
            with peer.start() as server, generator(server, peer.dialect, [("-", 1)] * MEMBERS) as load:
                _measure(bench, peer.name, load)
        except Missing as missing:
            bench.miss(f"{peer.name}: {missing}")


def _measure(bench: Bench, name: str, load: Generator) -> None:
    load.connect(MEMBERS)
    load.command("closed", messages=10, window=1, senders=SENDERS, patience=10)
    for rate in QUICK_RATES if bench.quick else RATES:
        seconds = 1.0 if bench.quick else 2.0
        runs = []
        for _ in range(bench.runs):
            runs.append(load.command("even", rate=rate, seconds=seconds, senders=SENDERS, patience=3))
            if runs[-1]["done"] < runs[-1]["messages"] or runs[-1]["ms"]["p99"] > GIVEN_UP_MS:
                break
        found = bench.case(name, runs, members=MEMBERS, rate=rate)
        if not found["whole"] or found["p99_ms"] > GIVEN_UP_MS:
            return
