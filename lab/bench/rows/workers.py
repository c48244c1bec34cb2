"""One worker and two, on PostgreSQL and Redis: what the second adds to the CPU of the same work, and where it goes.

A room of 1,000 receives messages at a fixed rate, so that as much gathers with one worker as with two; and 256 people send at a
fixed rate, each to a room with one other. The kernel spreads the members over the workers. Workers, Redis and PostgreSQL are
separated. The generator keeps its core, and the server has all others: where there is one other, two workers share it, and
the CPU of a fixed amount of work says how near to linear they are. Throughput is measured where each has a core of its own.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from lab.bench.generator import Answer, Generator, generator, member_lines
from lab.bench.results import Bench
from lab.bench.servers import LOAD_CORE, Server, backchannel, children_of, connections_of, cpu_of, redis
from lab.bench.stats import is_whole

WORKERS = (1, 2)
MEMBERS, MESSAGES_PER_S, SPEAKERS = 1000, 100, 8
PEOPLE, SENDS_PER_S = 256, 1000
START_S = 30.0


def run(bench: Bench) -> None:
    """The same work for one worker, then for two."""
    cores = sorted(set(range(os.cpu_count() or 1)) - {LOAD_CORE})
    for workers in WORKERS:
        if bench.wants("backchannel"):
            with redis() as (url, redis_pids):
                env = {"BACKCHANNEL_REDIS_URL": url, "BACKCHANNEL_WORKERS": str(workers)}
                world = ["--people", str(MEMBERS), "--rooms", str(MEMBERS), "--own", str(PEOPLE)]
                with backchannel(world, database="postgres", env=env, cores=cores) as server:
                    parts = {"redis": redis_pids, "postgres": list(server.beside)}
                    server.beside = [*server.beside, *redis_pids]
                    _wait_until_all_serve(server, workers)
                    _measure(bench, server, parts, workers, has_cores=len(cores) >= max(WORKERS))


def _wait_until_all_serve(server: Server, workers: int) -> None:
    """The supervisor tells when all of them do; a server without one tells when it does."""
    deadline = time.monotonic() + START_S
    while b"listening" not in server.log.read_bytes() and time.monotonic() < deadline:
        time.sleep(0.05)


def _measure(bench: Bench, server: Server, parts: dict[str, list[int]], workers: int, *, has_cores: bool) -> None:
    processes = children_of(server.process.pid) if workers > 1 else [server.process.pid]
    room = server.world["rooms"][str(MEMBERS)]
    seconds = 1.0 if bench.quick else 4.0

    def case(work: str, load: Generator, per: int, phase: Callable[[], Answer]) -> None:
        members = [connections_of(pid, server.port) for pid in processes]
        found = [_apart(server, parts, per, phase) for _ in range(bench.runs)]
        bench.add("backchannel", {**_medians(found), "members_by_worker": sorted(members)}, workers=workers, work=work)
        if has_cores:
            full = [_full(load, work) for _ in range(bench.runs)]
            bench.case("backchannel", full, workers=workers, work=f"{work}, as many as it can")

    with generator(server, "backchannel", member_lines(server, room, MEMBERS)) as load:
        load.connect(MEMBERS)
        at_rate = {"rate": MESSAGES_PER_S, "senders": SPEAKERS, "patience": 10}
        load.command("even", seconds=0.5, **at_rate)
        case("100,000 deliveries", load, 100_000, lambda: load.command("even", seconds=seconds, **at_rate))
    time.sleep(1)
    # The last of the rooms has a second member, who listens and sends nothing.
    own = list(zip(server.world["tokens"], [*server.world["own"], 0], strict=False))
    with generator(server, "backchannel", own) as load:
        load.connect(len(own))
        at_once = {"at_once": PEOPLE, "copies": 2, "rate": SENDS_PER_S, "patience": 10}
        load.command("sends", messages=SENDS_PER_S // 2, **at_once)
        messages = int(seconds * SENDS_PER_S)
        case("1,000 sends", load, 1000, lambda: load.command("sends", messages=messages, **at_once))


def _full(load: Generator, work: str) -> Answer:
    if work == "1,000 sends":
        return load.command("sends", messages=2000, at_once=PEOPLE, copies=2)
    return load.command("closed", messages=500, window=8, senders=100, patience=5)


def _apart(server: Server, parts: dict[str, list[int]], per: int, phase: Callable[[], Answer]) -> dict[str, Any]:
    """CPU seconds of one phase for `per` deliveries or sends: workers (and who supervises them), Redis, PostgreSQL."""
    pids = {"workers": [server.process.pid], **parts}
    began = {name: cpu_of(each) for name, each in pids.items()}
    answer = phase()
    done = answer["deliveries"] if answer["phase"] == "even" else answer["acks"]
    spent = {name: (cpu_of(each) - began[name]) * per / max(1, done) for name, each in pids.items()}
    return {**spent, "p99_ms": answer["ms"]["p99"], "load_share": answer["load_share"], "whole": is_whole(answer)}


def _medians(found: list[dict[str, Any]]) -> dict[str, Any]:
    cpu = {f"{name}_cpu_s": round(median(run[name] for run in found), 4) for name in ("workers", "redis", "postgres")}
    return {
        "runs": len(found),
        **cpu,
        "p99_ms": round(median(run["p99_ms"] for run in found), 3),
        "load_share": round(max(run["load_share"] for run in found), 3),
        "whole": all(run["whole"] for run in found),
    }
