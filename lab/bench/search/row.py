"""Searches over HTTP, on SQLite and PostgreSQL, by how many messages there are, how many rooms the reader has, and what is asked.

One connection, one search after the other. A search is `partial` where its time was over; the case says how many were. Beside it
stands what the database's own ranked search takes for the same words on the same index. The growth: 10,000, 100,000 and 1,000,000
messages; a quick run measures 10,000.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlencode

from lab.bench.results import Bench
from lab.bench.servers import LIFTED, ROOT, Missing, Server, database_of, free_port, running

SIZES = (10_000, 100_000, 1_000_000)
QUICK_SIZES = SIZES[:1]
ASKED = 100
ASKED_QUICKLY = 20
PAUSE_S = 0.01
"""Between two searches, not counted: one is worth five commands, and a user has 1,000 commands a second at most."""
WARMING = 3
"""Searches of each kind that are not counted: they open connections and files."""


def run(bench: Bench) -> None:
    """Every kind of search on every size of both databases."""
    for kind in ("sqlite", "postgres"):
        name = f"backchannel on {kind}"
        if not bench.wants(name):
            continue
        for messages in QUICK_SIZES if bench.quick else SIZES:
            data = Path(tempfile.mkdtemp(prefix="bench-data-"))
            try:
                with database_of(kind) as (url, _):
                    settings = {**LIFTED, "BACKCHANNEL_DATA": str(data), "BACKCHANNEL_DATABASE_URL": url}
                    made = _fill(settings, messages)
                    port = free_port()
                    argv = [str(ROOT / ".venv" / "bin" / "backchannel"), "serve", "--port", str(port)]
                    with running(argv, port, env=settings, ready="/readyz") as server:
                        _measure(bench, name, server, made, messages)
            except Missing as missing:
                bench.miss(str(missing))
            finally:
                shutil.rmtree(data, ignore_errors=True)


def _fill(settings: dict[str, str], messages: int) -> dict[str, Any]:
    argv = [str(ROOT / ".venv" / "bin" / "python"), "-m", "lab.bench.search.data", str(messages)]
    ran = subprocess.run(argv, cwd=ROOT, env={**os.environ, **settings}, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise Missing(f"the data could not be made: {ran.stderr.strip().splitlines()[-1]}")
    return json.loads(ran.stdout)  # type: ignore[no-any-return]


def _measure(bench: Bench, name: str, server: Server, made: dict[str, Any], messages: int) -> None:
    asked = ASKED_QUICKLY if bench.quick else ASKED
    if made["took"]:
        bench.add(name, {**made["took"], "whole": True}, search="indexing", rooms="500 rooms", messages=messages)
    for word, ms in made["own"].items():
        bench.add(f"{name}, its own rank", {"p50_ms": ms, "whole": True}, search=word, rooms="all", messages=messages)
    for rooms, token in made["tokens"].items():
        for search, fields in _searches(made["words"]).items():
            summary = _summary(*_times(server, token, asked, fields))
            bench.add(name, summary, search=search, rooms=rooms, messages=messages)


def _searches(words: dict[str, str]) -> dict[str, dict[str, str]]:
    commonest, common, rare = words["commonest"], words["common"], words["rare"]
    return {
        **{word: {"query": text} for word, text in words.items()},
        "absent": {"query": "qqqqqqqqqq"},
        "prefix": {"query": commonest[:3]},
        "three prefixes": {"query": f"{commonest[:3]} {common[:3]} {rare[:3]}"},
        "phrase": {"query": f'"{commonest} {common}"'},
        "excluded": {"query": f"{common} -{commonest}"},
        "from": {"query": f"from:o7 {common}"},
        "filter alone": {"query": "has:link"},
        "commonest, best": {"query": commonest, "order": "best"},
        "common, best": {"query": common, "order": "best"},
    }


def _times(server: Server, token: str, count: int, fields: dict[str, str]) -> tuple[list[float], int]:
    """Seconds of each search, and how many were partial."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    path = f"/api/search?{urlencode(fields)}"
    times: list[float] = []
    partial = 0
    for turn in range(count + WARMING):
        began = time.perf_counter()
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise Missing(f"a search was answered with {answer.status}")
        if turn >= WARMING:
            times.append(time.perf_counter() - began)
            partial += json.loads(body)["partial"]
        time.sleep(PAUSE_S)
    connection.close()
    return times, partial


def _summary(times: list[float], partial: int) -> dict[str, Any]:
    return {
        "runs": len(times),
        "p50_ms": round(median(times) * 1000, 2),
        "p99_ms": round(quantiles(times, n=100, method="inclusive")[98] * 1000, 2),
        "partial": partial,
        "whole": True,
    }
