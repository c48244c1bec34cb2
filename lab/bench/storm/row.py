"""A node with 5,000 clients in 50 rooms each is restarted, by SIGTERM and by kill -9: how soon is everybody back?

Each is in 20 rooms of 5, 20 of 20, 9 of 50 and one with everybody. The server has one core, the clients have the other.
Whatever the clients' own lateness adds (`load_lag_ms_p99`) is in the figures.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any
from urllib.request import urlopen

from lab.bench.results import Bench
from lab.bench.servers import LIFTED, LOAD_CORE, ROOT, Server, free_port, make_world, running

PEOPLE = 5000
ROOMS = "20x5,20x20,9x50"
WAYS = {"SIGTERM": signal.SIGTERM, "kill -9": signal.SIGKILL}


@dataclass
class Node:
    """One port and one data folder, served by one process after the other."""

    port: int
    settings: dict[str, str]

    @contextmanager
    def process(self) -> Iterator[Server]:
        argv = [str(ROOT / ".venv" / "bin" / "backchannel"), "serve", "--port", str(self.port)]
        with running(argv, self.port, env=self.settings) as server:
            yield server


class Clients:
    """The process of all clients, spoken to by lines."""

    def __init__(self, port: int, world: dict[str, Any], people: int) -> None:
        self._process = subprocess.Popen(
            ["taskset", "-c", str(LOAD_CORE), sys.executable, "-m", "lab.bench.storm.clients", str(port)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.say({"tokens": world["tokens"], "room": world["rooms"][str(people)]})

    def say(self, line: Any) -> None:
        assert self._process.stdin
        self._process.stdin.write((line if isinstance(line, str) else json.dumps(line)) + "\n")
        self._process.stdin.flush()

    def hear(self) -> dict[str, Any]:
        assert self._process.stdout
        return json.loads(self._process.stdout.readline())  # type: ignore[no-any-return]

    def ask(self, line: str) -> dict[str, Any]:
        self.say(line)
        return self.hear()

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


def run(bench: Bench) -> None:
    """Everybody enters; then restart after restart."""
    people = 1000 if bench.quick else PEOPLE
    data = Path(tempfile.mkdtemp(prefix="bench-data-"))
    settings = {**LIFTED, "BACKCHANNEL_DATA": str(data)}
    try:
        world = make_world(["--people", str(people), "--rooms", str(people), "--small", ROOMS], settings)
        _measure(bench, Node(free_port(), settings), world, people)
    finally:
        shutil.rmtree(data, ignore_errors=True)


def _measure(bench: Bench, node: Node, world: dict[str, Any], people: int) -> None:
    with node.process() as idle:
        start_cpu_s = _ready_cpu_s(idle)
    clients = Clients(node.port, world, people)
    found: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}
    try:
        going = node.process()
        server = going.__enter__()
        _ready_cpu_s(server)
        entered = clients.ask("enter")
        bench.add(
            "backchannel", {**entered, **_server_figures(server, start_cpu_s, people), "whole": True}, way="first entry"
        )
        for _ in range(2 if bench.quick else 3):
            for way, number in WAYS.items():
                clients.ask("lost")
                began = time.monotonic()
                server.process.send_signal(number)
                server.process.wait()
                away_s = time.monotonic() - began
                going.__exit__(None, None, None)
                going = node.process()
                server = going.__enter__()
                returned = clients.hear()
                figures = _server_figures(server, start_cpu_s, people)
                each = {**returned, **figures, "exit_s": round(away_s, 2), **clients.ask("check")}
                print(f"    {way}: {each}", flush=True)
                found[way].append(each)
        for way, runs in found.items():
            bench.add("backchannel", _summary(runs), way=way, each=runs)
    finally:
        clients.close()
        going.__exit__(None, None, None)


def _summary(runs: list[dict[str, Any]]) -> dict[str, Any]:
    names = ("s_50", "s_95", "s_100", "exit_s", "lag_ms_p99", "cpu_ms_each", "ack_ms_max", "load_lag_ms_p99")
    return {
        "runs": len(runs),
        "clients": runs[0]["clients"],
        **{name: round(median(each[name] for each in runs), 2) for name in names},
        "s_100_range": [min(each["s_100"] for each in runs), max(each["s_100"] for each in runs)],
        "lost": sum(each["behind"] + each["gaps"] for each in runs),
        "doubles": sum(each["doubles"] for each in runs),
        "whole": all(
            each["back"] == each["clients"] and not each["behind"] + each["gaps"] + each["doubles"] + each["resets"]
            for each in runs
        ),
    }


def _server_figures(server: Server, start_cpu_s: float, people: int) -> dict[str, Any]:
    """`cpu_ms_each`: everything since the start of the process, for each client, without what an idle start costs."""
    cpu_s = _cpu_s(server)
    with urlopen(f"{server.url}/metrics", timeout=30) as answer:
        text = answer.read().decode()
    buckets = [
        (float(bound.replace("+Inf", "inf")), float(count))
        for bound, count in re.findall(r'backchannel_loop_lag_seconds_bucket\{le="([^"]+)"\} (\S+)', text)
    ]
    return {
        "lag_ms_p99": next(bound for bound, count in buckets if count >= buckets[-1][1] * 0.99) * 1000,
        "cpu_ms_each": round((cpu_s - start_cpu_s) * 1000 / people, 2),
    }


def _ready_cpu_s(server: Server) -> float:
    with urlopen(f"{server.url}/readyz", timeout=30):
        return _cpu_s(server)


def _cpu_s(server: Server) -> float:
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
