"""From a send to its answer, which both sides give after a synced commit: one, 32 and 256 people at once.

Ours through WebSockets, each person in a room with one other who receives it too. Django's through its asynchronous view
over HTTP, whose framework has no other way; `http` has both over HTTP. Then ours once more at half its rate with 256
people, evenly, for the time that an answer takes when the server is not driven to its limit.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from lab.bench.generator import Generator, generator, template
from lab.bench.peers import web
from lab.bench.results import Bench
from lab.bench.servers import Missing, Server, backchannel

PEOPLE = 256
AT_ONCE = (1, 32, 256)


def run(bench: Bench) -> None:
    """Both databases, both servers."""
    for database in ("sqlite", "postgres"):
        for name, measure in (("backchannel", _ours), ("django-view", _django)):
            if bench.wants(name):
                try:
                    measure(bench, database)
                except Missing as missing:
                    bench.miss(f"{name} on {database}: {missing}")


def _ours(bench: Bench, database: str) -> None:
    with backchannel(["--people", str(PEOPLE), "--own", str(PEOPLE)], database=database) as server:
        members = list(zip(server.world["tokens"], server.world["own"], strict=True))
        with generator(server, "backchannel", members) as load:
            load.connect(PEOPLE)
            found: dict[str, Any] = {}
            for at_once in AT_ONCE:
                runs = _runs(bench, partial(_send, load, at_once))
                found = bench.case("backchannel", runs, database=database, at_once=at_once, rate=None)
            before, messages = server.cpu_beside(), max(500, found["per_s"])
            run = load.command("sends", messages=messages, at_once=PEOPLE, copies=2)
            if database != "sqlite":
                share = (server.cpu_beside() - before) / max(0.01, run["server_cpu_s"])
                bench.add("backchannel", {"database_share_of_cpu": round(share, 3)}, database=database, what="database")
            rate = found["per_s"] // 2
            runs = [
                load.command("sends", messages=rate, at_once=PEOPLE, copies=2, rate=rate) for _ in range(bench.runs)
            ]
            bench.case("backchannel", runs, database=database, at_once=PEOPLE, rate=rate)


def _django(bench: Bench, database: str) -> None:
    with web.django("view", database, people=PEOPLE, own_rooms=True) as server:
        measure_requests(bench, "django-view", server, AT_ONCE, database)


def measure_requests(bench: Bench, name: str, server: Server, counts: tuple[int, ...], database: str) -> None:
    """Sends over HTTP to a Django peer."""
    members = list(zip(server.world["tokens"], server.world["own"], strict=True))
    with generator(server, "http", members) as load, template(web.SEND, web.SEND_BODY) as path:
        load.connect(len(members))
        for at_once in counts:
            runs = _runs(bench, partial(_post, load, path, at_once))
            bench.case(name, runs, database=database, at_once=at_once, rate=None)


def _send(load: Generator, at_once: int, messages: int) -> dict[str, Any]:
    return load.command("sends", messages=messages, at_once=at_once, copies=2)


def _post(load: Generator, path: str, at_once: int, messages: int) -> dict[str, Any]:
    return load.command("requests", template=path, requests=messages, at_once=at_once, want=201, patience=20)


def _runs(bench: Bench, measure: Callable[[int], dict[str, Any]]) -> list[dict[str, Any]]:
    """A first run finds how many messages take about a second; the runs after it count."""
    per_s = _per_s(measure(100))
    per_s = _per_s(measure(max(100, int(0.2 * per_s))))
    messages = max(50, int((0.3 if bench.quick else 0.8) * per_s))
    return [measure(messages) for _ in range(bench.runs)]


def _per_s(run: dict[str, Any]) -> float:
    if not run["acks"]:
        raise Missing("nothing was answered")
    return float(run["acks"] / run["seconds"])
