"""Files of 100 MiB: how fast one arrives, beside nginx' own PUT; and what 1,000 people who chat notice while 20 send one each.

The server has one core; the other is the chat's load generator and the senders of files. A piece counts as sent when it is answered, which
our server does when it is synced. `alone` and `beside files` take turns, so that a machine that changes changes both. Senders have
40 Mbit/s each, a good line; `unbounded` ones take what they get, which on the loopback is the server's whole core.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4

from lab.bench.files.nginx_dav import nginx_dav
from lab.bench.generator import Generator, generator, member_lines
from lab.bench.results import Bench
from lab.bench.servers import LOAD_CORE, ROOT, Missing, Server, backchannel

MEMBERS, RATE = 1000, 20
SENDERS = 20
PIECE = 8 * 2**20
PACE = 40_000_000 / 8
"""Bytes a second of one sender."""
CHAT_S = 3.0
"""Of one measurement of the chat: several fit into the sending of the files."""
SAMPLE_S = 0.1
LIMITS = {"BACKCHANNEL_UPLOAD_QUOTA": str(2**40)}


def run(bench: Bench) -> None:
    """One file, ours and nginx' in turn; then 20 beside the chat."""
    size = (10 if bench.quick else 100) * 2**20
    folder = Path(tempfile.mkdtemp(prefix="bench-files-"))
    try:
        world = ["--people", str(MEMBERS), "--rooms", str(MEMBERS)]
        with backchannel(world, env={**LIMITS, "BACKCHANNEL_FILES": str(folder / "chat")}) as server:
            _one_file(bench, server, size, folder)
            with generator(server, "backchannel", member_lines(server, _room_of(server), MEMBERS)) as load:
                load.connect(MEMBERS)
                load.command("closed", messages=10, window=1, senders=8, patience=10)
                for pace in (PACE,) if bench.quick else (PACE, 0.0):
                    _beside_chat(bench, server, load, size, pace)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _one_file(bench: Bench, server: Server, size: int, folder: Path) -> None:
    ours: list[dict[str, Any]] = []
    theirs: list[dict[str, Any]] = []
    try:
        with nginx_dav(folder) as nginx:
            for number in range(bench.runs):
                whole = [{"path": f"/{number}", "token": ""}]
                theirs.append(_sent(nginx, size, size, whole))
                ours.append(_sent(server, size, PIECE, _announced(server, size, 1)))
    except Missing as missing:
        bench.miss(f"nginx: {missing}")
        ours += [_sent(server, size, PIECE, _announced(server, size, 1)) for _ in range(bench.runs)]
    for name, runs in (("backchannel", ours), ("nginx", theirs)):
        if runs:
            bench.add(name, _figures(runs, size), what="one file", mib=size // 2**20, each=runs)


def _figures(runs: Sequence[dict[str, Any]], size: int) -> dict[str, Any]:
    rates = [size / 2**20 / each["seconds"] for each in runs]
    return {
        "runs": len(runs),
        "mib_per_s": round(median(rates), 1),
        "mib_per_s_range": [round(min(rates), 1), round(max(rates), 1)],
        "server_cpu_s": round(median(each["server_cpu_s"] for each in runs), 3),
        "whole": not any(each["refused"] for each in runs),
    }


def _beside_chat(bench: Bench, server: Server, load: Generator, size: int, pace: float) -> None:
    about = {"rate": RATE, "members": MEMBERS, "mib": size // 2**20, "pace": "40 Mbit/s" if pace else "unbounded"}
    alone: list[dict[str, Any]] = []
    beside: list[dict[str, Any]] = []
    sent: list[dict[str, Any]] = []
    for _ in range(1 if bench.quick else 3):
        alone += [_chat(load) for _ in range(2 if bench.quick else 4)]
        sends = _announced(server, size, SENDERS)
        with _memory(server) as memory, _senders(server, size, PIECE, sends, pace) as going:
            while going.poll() is None:
                beside.append(_chat(load))
            sent.append({**_answer(going), **memory})
        _wait_ready(server, sends)
    bench.case("backchannel", alone, what="chat alone", **about)
    found = {
        "seconds": round(median(each["seconds"] for each in sent), 2),
        "rss_mib_before": round(sent[0]["before"] / 2**20, 1),
        "rss_mib_most": round(max(each["most"] for each in sent) / 2**20, 1),
        "refused": sum(each["refused"] for each in sent),
    }
    bench.case("backchannel", beside, what="chat beside files", senders=SENDERS, **about, **found)


def _chat(load: Generator) -> dict[str, Any]:
    return load.command("even", rate=RATE, seconds=CHAT_S, senders=8, patience=10)


def _room_of(server: Server) -> int:
    return int(server.world["rooms"][str(MEMBERS)])


def _announced(server: Server, size: int, count: int) -> list[dict[str, Any]]:
    """New uploads of the first `count` people."""
    sends = []
    for token in server.world["tokens"][:count]:
        id_ = str(uuid4())
        body = {"id": id_, "room_id": _room_of(server), "name": "file.bin", "size": size}
        server.call("POST", "/api/uploads", body, token)
        sends.append({"path": f"/api/uploads/{id_}?offset=@OFFSET@", "token": token})
    return sends


def _wait_ready(server: Server, sends: Sequence[dict[str, Any]]) -> None:
    """Until the server has looked at all of them, which is no part of the next measurement."""
    for each in sends:
        address = each["path"].partition("?")[0]
        while (state := server.call("GET", address, token=each["token"])["upload"]["state"]) == "checking":
            time.sleep(0.1)
        if state != "ready":
            raise Missing(f"a file became {state}")


def _sent(server: Server, size: int, piece: int, sends: list[dict[str, Any]]) -> dict[str, Any]:
    """Send as fast as it goes; with the server's CPU time for it."""
    with _senders(server, size, piece, sends, 0) as going:
        before = server.cpu()
        found = _answer(going)
        found["server_cpu_s"] = server.cpu() - before
    if sends[0]["token"]:
        _wait_ready(server, sends)
    return found


@contextmanager
def _senders(
    server: Server, size: int, piece: int, sends: list[dict[str, Any]], pace: float
) -> Iterator[subprocess.Popen[str]]:
    """The process of senders, when it begins to send."""
    process = subprocess.Popen(
        ["taskset", "-c", str(LOAD_CORE), sys.executable, "-m", "lab.bench.files.senders"],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdin
    assert process.stdout
    try:
        given = {"port": server.port, "size": size, "piece": piece, "pace": pace, "sends": sends}
        process.stdin.write(json.dumps(given) + "\n")
        process.stdin.flush()
        if process.stdout.readline().strip() != "ready":
            raise Missing("the senders of files did not start")
        process.stdin.write("\n")
        process.stdin.flush()
        yield process
    finally:
        process.kill()
        process.wait()


def _answer(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout
    line = process.stdout.readline()
    if not line:
        raise Missing("the senders of files ended early")
    found: dict[str, Any] = json.loads(line)
    return found


@contextmanager
def _memory(server: Server) -> Iterator[dict[str, float]]:
    """Bytes in memory of the server `before` the block, and the `most` during it."""
    found = {"before": float(server.rss()), "most": 0.0}
    ended = threading.Event()

    def sample() -> None:
        while not ended.wait(SAMPLE_S):
            found["most"] = max(found["most"], float(server.rss()))

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield found
    finally:
        ended.set()
        thread.join()
