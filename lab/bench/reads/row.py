"""History, events and the room list, over HTTP as a client asks for them, on SQLite and PostgreSQL.

Pages are of 50 and lie anywhere in a room of 1,000 or 1,000,000 messages; the list has 502 rooms, each with more unread than
is counted. One connection, one question after the other: what is measured is what an answer costs, not how many at once.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from lab.bench.reads.data import LENGTHS
from lab.bench.results import Bench
from lab.bench.servers import LIFTED, ROOT, Missing, Server, database_of, free_port, running

ASKED = 500
AT_MOST_PER_S = 800
"""A person may ask 1,000 times a second where that limit is lifted as far as it goes."""
SEED = 1


def run(bench: Bench) -> None:
    """Each kind of read, a few hundred times, on both databases."""
    for kind in ("sqlite", "postgres"):
        if not bench.wants(f"backchannel on {kind}"):
            continue
        data = Path(tempfile.mkdtemp(prefix="bench-data-"))
        try:
            with database_of(kind) as (url, _):
                settings = {**LIFTED, "BACKCHANNEL_DATA": str(data), "BACKCHANNEL_DATABASE_URL": url}
                made = _fill(settings)
                port = free_port()
                argv = [str(ROOT / ".venv" / "bin" / "backchannel"), "serve", "--port", str(port)]
                with running(argv, port, env=settings, ready="/readyz") as server:
                    _measure(bench, f"backchannel on {kind}", server, made)
        except Missing as missing:
            bench.miss(str(missing))
        finally:
            shutil.rmtree(data, ignore_errors=True)


def _fill(settings: dict[str, str]) -> dict[str, Any]:
    argv = [str(ROOT / ".venv" / "bin" / "python"), "-m", "lab.bench.reads.data"]
    ran = subprocess.run(argv, cwd=ROOT, env={**os.environ, **settings}, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise Missing(f"the data could not be made: {ran.stderr.strip().splitlines()[-1]}")
    return json.loads(ran.stdout)  # type: ignore[no-any-return]


def _measure(bench: Bench, name: str, server: Server, made: dict[str, Any]) -> None:
    chance = random.Random(SEED)
    asked = 50 if bench.quick else ASKED
    for length in LENGTHS:
        for read, path in _paths(chance, made["long"][str(length)], length).items():
            bench.add(name, _summary(_times(server, made["token"], asked, path)), read=read, messages=length)
    times = _times(server, made["token"], asked * 2 // 5, lambda: "/api/rooms")
    bench.add(name, _summary(times), read="list of 502 rooms", messages=sum(LENGTHS))


def _paths(chance: random.Random, room: int, length: int) -> dict[str, Callable[[], str]]:
    """Where each kind of read may be asked for, anywhere in the room."""
    messages, events = f"/api/rooms/{room}/messages", f"/api/rooms/{room}/events"
    return {
        "history page of 50": lambda: f"{messages}?before={chance.randrange(51, length)}&limit=50",
        "history around a message": lambda: f"{messages}?around={chance.randrange(51, length - 51)}&limit=50",
        "events page of 200": lambda: f"{events}?after={chance.randrange(length - 200)}&limit=200",
    }


def _times(server: Server, token: str, count: int, path: Callable[[], str]) -> list[float]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    times = []
    for turn in range(count + 5):
        began = time.perf_counter()
        connection.request("GET", path(), headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise Missing(f"a read was answered with {answer.status}")
        took = time.perf_counter() - began
        if turn >= 5:  # the first open connections
            times.append(took)
        time.sleep(max(0.0, 1 / AT_MOST_PER_S - took))
    connection.close()
    return times


def _summary(times: list[float]) -> dict[str, Any]:
    return {
        "runs": len(times),
        "p50_ms": round(median(times) * 1000, 2),
        "p99_ms": round(quantiles(times, n=100, method="inclusive")[98] * 1000, 2),
        "whole": True,
    }
