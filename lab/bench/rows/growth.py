"""How our server's costs grow: with the members of a room, the rooms of a person, the messages of a room, and the senders."""

from __future__ import annotations

from typing import Any

from lab.bench.generator import Generator, generator, member_lines, template
from lab.bench.results import Bench
from lab.bench.servers import backchannel

MEMBERS = (10, 100, 1000, 5000)
ROOMS = (1, 10, 50, 200)
HISTORY = (0, 10_000, 100_000, 1_000_000)
SENDERS = (1, 4, 16, 64, 256)
RATE = 20


def run(bench: Bench) -> None:
    """Four curves."""
    runs = 1 if bench.quick else 3
    _members(bench, runs)
    _senders(bench, runs)
    if not bench.quick:
        _rooms(bench)
        _history(bench, runs)


def _members(bench: Bench, runs: int) -> None:
    sizes = MEMBERS[:3] if bench.quick else MEMBERS
    with backchannel(["--people", str(max(sizes)), "--rooms", ",".join(map(str, sizes))]) as server:
        for size in sizes:
            with generator(server, "backchannel", member_lines(server, server.world["rooms"][str(size)], size)) as load:
                load.connect(size)
                load.command("closed", messages=20, window=1, senders=10)
                each = [load.command("even", rate=RATE, seconds=2, senders=4, patience=5) for _ in range(runs)]
                bench.case("backchannel", each, grows="members", at=size, rate=RATE)


def _rooms(bench: Bench) -> None:
    people = 400
    for rooms in ROOMS:
        with backchannel(["--people", str(people), "--small", f"{rooms}x20"]) as server:
            base, cpu = server.rss(), server.cpu()
            with generator(server, "backchannel", [(token, 0) for token in server.world["tokens"]]) as load:
                opened = load.connect(people, at_once=16)
                load.command("idle", seconds=1)
                found = {
                    "connects_per_s": round(people / opened["seconds"]),
                    "cpu_ms_per_connect": round((server.cpu() - cpu) * 1000 / people, 3),
                    "kib_per_connection": round((server.rss() - base) / 1024 / people, 2),
                    "whole": opened["connections"] == people,
                }
                bench.add("backchannel", found, grows="rooms", at=rooms)


def _history(bench: Bench, runs: int) -> None:
    with backchannel(["--people", "64", "--history", ",".join(map(str, HISTORY))]) as server:
        for length in HISTORY:
            room = server.world["history"][str(length)]
            members = [(token, room) for token in server.world["tokens"]]
            with generator(server, "http", members) as load:
                load.connect(len(members))
                middle = f"GET /api/rooms/@ROOM@/messages?around={max(1, length // 2)}&limit=50"
                events = f"GET /api/rooms/@ROOM@/events?after={max(0, length // 2)}&limit=200"
                for what, line, body, want in (
                    ("send", "POST /api/rooms/@ROOM@/messages", '{"id":"@ID@","content":"@MARK@"}', 201),
                    ("page", middle, "", 200),
                    ("events", events, "", 200),
                ):
                    each = [_requests(load, line, body, want) for _ in range(runs)]
                    bench.case("backchannel", each, grows="history", at=length, what=what)


def _requests(load: Generator, line: str, body: str, want: int) -> dict[str, Any]:
    with template(line, body) as path:
        return load.command("requests", template=path, requests=400, at_once=1, want=want, patience=20)


def _senders(bench: Bench, runs: int) -> None:
    most = max(SENDERS)
    with backchannel(["--people", str(most), "--own", str(most)]) as server:
        members = list(zip(server.world["tokens"], server.world["own"], strict=True))
        with generator(server, "backchannel", members) as load:
            load.connect(most)
            load.command("sends", messages=500, at_once=64, copies=2)
            for senders in SENDERS:
                messages = 300 + 30 * senders
                each = [load.command("sends", messages=messages, at_once=senders, copies=2) for _ in range(runs)]
                bench.case("backchannel", each, grows="senders", at=senders)
