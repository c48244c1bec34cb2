"""Talks to the load generator: has it compiled, starts it on its own core, gives it commands and reads its answers."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lab.bench.compiler import compiled
from lab.bench.servers import CACHE, LOAD_CORE, ROOT, Missing, Server

SOURCES = ROOT / "lab" / "bench" / "load"

Answer = dict[str, Any]


class Generator:
    """A running load generator. Every command returns what it measured."""

    def __init__(self, process: subprocess.Popen[str], server: Server) -> None:
        self._process = process
        self._server = server

    def connect(self, count: int | None = None, at_once: int = 64) -> Answer:
        """Connect the first `count` members, all by default. Raises `Missing` where not all get in."""
        words = {"at_once": at_once, **({} if count is None else {"count": count})}
        answer = self.command("connect", **words)
        if answer["connections"] < (count or 0) or not answer["connections"]:
            raise Missing(f"only {answer['connections']} of {count} connections were let in")
        self.watch()
        return answer

    def watch(self) -> None:
        """Note the server's processes, whose CPU time each phase tells."""
        self.command("watch", pids=",".join(map(str, self._server.pids())))

    def command(self, word: str, **values: Any) -> Answer:
        """Give one command (lab/bench/load/main.c lists them) and wait for its answer."""
        assert self._process.stdin
        assert self._process.stdout
        busy = busy_s()
        self._process.stdin.write(" ".join([word, *(f"{name}={value}" for name, value in values.items())]) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise Missing(f"the load generator ended with {self._process.wait()} at `{word}`")
        answer: Answer = json.loads(line)
        if "load_cpu_s" in answer:
            # What the machine did meanwhile that was neither of the two.
            spent = busy_s() - busy - answer["server_cpu_s"] - answer["load_cpu_s"]
            answer["others_cpu_s"] = round(max(0.0, spent), 3)
        return answer


def busy_s() -> float:
    """Seconds of CPU time that all cores of this machine have worked since it started."""
    words = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    user, nice, system, _idle, _waiting, interrupts, soft = (int(word) for word in words[:7])
    return (user + nice + system + interrupts + soft) / os.sysconf("SC_CLK_TCK")


@contextmanager
def generator(
    server: Server, dialect: str, members: Sequence[tuple[str, int]], content_bytes: int = 60
) -> Iterator[Generator]:
    """A generator for `members`: a token ("-" for none) and a room for each connection."""
    program = compiled("load", SOURCES)
    with tempfile.NamedTemporaryFile("w", prefix="bench-members-", suffix=".txt") as file:
        file.write("".join(f"{token} {room}\n" for token, room in members))
        file.flush()
        argv = ["taskset", "-c", str(LOAD_CORE), str(program), dialect, str(server.port), file.name, str(content_bytes)]
        process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            yield Generator(process, server)
        finally:
            assert process.stdin
            process.stdin.close()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def template(first_line: str, body: str = "") -> Iterator[str]:
    """A file with a request for the `requests` and `polls` commands."""
    with tempfile.NamedTemporaryFile("w", prefix="bench-request-", suffix=".txt") as file:
        file.write(f"{first_line}\n{body}")
        file.flush()
        yield file.name


def member_lines(server: Server, room: int, count: int) -> list[tuple[str, int]]:
    """The first `count` people of the server's world, all in `room`."""
    return [(token, room) for token in server.world["tokens"][:count]]


def program_path() -> Path:
    """Where the compiled generator is."""
    return CACHE / "load"
