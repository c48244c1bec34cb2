"""The headline of the system that this one replaces: polling REST every 30 s, against one WebSocket, at the same server.

200 people poll as its client did: each 30 s the room list, and the open room's newest page where the list says that there
is something new. Their polls are spread evenly over the 30 s, which pass in real time (in 8 s where it must be
quick, and then the case is called so). 200 others sit in the same room on
WebSockets. Two people write. What a message takes to show is measured on both sides, for each message and each person.

Bytes are those of real requests, answers and frames with their headers, without TCP's and TLS's own. An hour is put
together from them: so many polls, pages, heartbeats and events as an hour has.
"""

from __future__ import annotations

import threading
import time
from statistics import median
from typing import Any

from lab.bench.generator import generator
from lab.bench.original import Poller, Wire, heartbeat_bytes
from lab.bench.results import Bench
from lab.bench.servers import Server, backchannel

PEOPLE = 200
PERIOD_S = 30.0
QUICK_PERIOD_S = 8.0
RATE = 0.5
ROOMS = 10
BUSY_PER_HOUR = (60, 360, 1800)
SENTENCE = "Shall we take the later tram, then? It is not far to walk."


def run(bench: Bench) -> None:
    """The bytes of each side, then both at the same time."""
    # Ten rooms for everybody, as a list of a team has: nine of twenty, and the open one, in which there is talk already.
    world = ["--people", str(2 * PEOPLE + 2), "--history", "60", "--small", f"{ROOMS - 1}x20"]
    with backchannel(world) as server:
        room = server.world["history"]["60"]
        # Bytes first, while nobody connects or disconnects: presence goes to WebSockets only and would distort the comparison.
        _bytes(bench, server, room)
        _latency(bench, server, room, QUICK_PERIOD_S if bench.quick else PERIOD_S)


def _latency(bench: Bench, server: Server, room: int, period: float) -> None:
    tokens = server.world["tokens"]
    pollers = [Poller(server.port, token, room) for token in tokens[:PEOPLE]]
    members = [(token, room) for token in tokens[PEOPLE : 2 * PEOPLE]]
    with generator(server, "backchannel", members) as load:
        load.connect(PEOPLE)
        load.command("closed", messages=10, window=1, senders=10)
        # What is there already is nobody's news.
        for poller in pollers:
            poller.poll()
        seen: list[float] = []
        stop = threading.Event()
        polling = threading.Thread(target=_poll, args=(pollers, period, seen, stop))
        polling.start()
        live = load.command("even", rate=RATE, seconds=period, senders=2, patience=10)
        # The last message needs a whole period to be seen by everybody.
        time.sleep(period + 1)
        stop.set()
        polling.join()
    expected = int(RATE * period) * PEOPLE
    bench.add(
        f"polling every {period:.0f} s",
        {
            "p50_ms": round(median(seen) * 1000) if seen else None,
            "p99_ms": round(sorted(seen)[int(len(seen) * 0.99)] * 1000) if seen else None,
            "whole": len(seen) == expected,
        },
        what="latency",
        people=PEOPLE,
    )
    bench.case("backchannel", [live], what="latency", people=PEOPLE)


def _poll(pollers: list[Poller], period: float, seen: list[float], stop: threading.Event) -> None:
    """Everybody in turn, so that each comes to theirs once a period."""
    began, at = time.monotonic(), 0
    while not stop.is_set():
        due = began + at * period / len(pollers)
        if (wait := due - time.monotonic()) > 0:
            stop.wait(min(wait, 0.2))
            continue
        seen += pollers[at % len(pollers)].poll()
        at += 1
    for poller in pollers:
        poller.close()


def _bytes(bench: Bench, server: Server, room: int) -> None:
    tokens = server.world["tokens"]
    idle, busy, there = (
        Poller(server.port, tokens[0], room),
        Poller(server.port, tokens[1], room),
        Wire(server.port, tokens[2]),
    )
    idle.poll()
    before = idle.bytes
    idle.poll()
    list_bytes = idle.bytes - before
    busy.poll()
    _send(server, tokens[3], room)
    before = busy.bytes
    busy.poll()
    page_bytes = busy.bytes - before - list_bytes
    opening = there.open()
    before = there.received
    _send(server, tokens[3], room)
    there.listen(1.0)
    event_bytes = there.received - before
    beat = heartbeat_bytes(there, 65 if not bench.quick else 31)
    for poller in (idle, busy, there):
        poller.close()
    per_hour = int(3600 / PERIOD_S)
    found: dict[str, Any] = {
        "list_bytes": list_bytes,
        "page_bytes": page_bytes,
        "opening_bytes": opening,
        "heartbeat_bytes": beat,
        "event_bytes": event_bytes,
    }
    bench.add("both", found, what="bytes of each")
    for messages in (0, *BUSY_PER_HOUR):
        pages = min(messages, per_hour)
        polling = per_hour * list_bytes + pages * page_bytes
        here = opening + per_hour * beat + messages * event_bytes
        bench.add(
            "both",
            {"polling": polling, "here": here, "saved": round(1 - here / polling, 4)},
            what="bytes an hour",
            messages_per_hour=messages,
        )
        requests = per_hour + pages
        bench.add(
            "both",
            # The upgrade is the only request of an hour, and is counted as one.
            {"polling": requests / 60, "here": round(1 / 60, 4), "saved": round(1 - 1 / requests, 4)},
            what="requests a minute",
            messages_per_hour=messages,
        )


def _send(server: Server, token: str, room: int) -> None:
    server.call("POST", f"/api/rooms/{room}/messages", {"content": SENTENCE}, token)
