"""The server and its peers as processes: pinned to one core, watched, and gone afterwards."""

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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "bench"
SERVER_CORE, LOAD_CORE = 0, 1
START_TIMEOUT_S = 60.0

sys.path.insert(0, str(ROOT / "tools"))
import services  # noqa: E402 - tools/ is no package
from machine import Missing as Missing  # noqa: E402, PLC0414

free_port = services.free_port

LIFTED = {
    "BACKCHANNEL_SENDS_PER_SECOND": "1000",
    "BACKCHANNEL_SEND_BURST": "10000",
    "BACKCHANNEL_COMMANDS_PER_SECOND": "1000",
    "BACKCHANNEL_CHANGES_PER_SECOND": "1000",
    "BACKCHANNEL_CHANGE_BURST": "10000",
    "BACKCHANNEL_ROOMS_CREATED_PER_DAY": "100000",
    "BACKCHANNEL_PEOPLE_ADDED_PER_DAY": "1000000",
    "BACKCHANNEL_CONNECTIONS": "1000",
    "BACKCHANNEL_LOG_FORMAT": "json",
}
"""The limits that one person has; everything else is as it is delivered."""
NOT_INHERITED = {"DJANGO_SETTINGS_MODULE": "backchannel.site.settings", "BACKCHANNEL_DATABASE_URL": ""}
"""What the surroundings may have set for a server of their own."""


@dataclass
class Server:
    """A process that serves. `beside` are pids that work for it: its Redis, its PostgreSQL."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path
    beside: list[int] = field(default_factory=list)
    world: dict[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def pids(self) -> list[int]:
        """The server's processes and those beside it, with their children."""
        return sorted({pid for root in (self.process.pid, *self.beside) for pid in tree(root)})

    def rss(self) -> int:
        """Bytes in memory of the server's own processes. Shared pages count once for each."""
        return sum(_rss(pid) for pid in tree(self.process.pid))

    def cpu(self) -> float:
        """Seconds of CPU time that the server's processes and those beside it have used."""
        return cpu_of([self.process.pid, *self.beside])

    def cpu_beside(self) -> float:
        """The same of those beside it alone."""
        return cpu_of(self.beside)

    def call(self, method: str, path: str, body: Any = None, token: str = "") -> Any:
        """One JSON request, for what is to be known before or after a measurement."""
        headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(self.url + path, data, headers, method=method), timeout=30) as answer:
            return json.loads(answer.read())


def cpu_of(roots: Sequence[int]) -> float:
    """Seconds of CPU time that these processes and their descendants have used."""
    return sum(_cpu(pid) for pid in {pid for root in roots for pid in tree(root)})


def children_of(root: int) -> list[int]:
    """A process' children, without theirs."""
    return [int(pid) for pid in Path(f"/proc/{root}/task/{root}/children").read_text().split()]


def connections_of(pid: int, port: int) -> int:
    """How many connections to `port` a process holds."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    established = {f"socket:[{words[9]}]" for words in lines if words[1].endswith(f":{port:04X}") and words[3] == "01"}
    held = 0
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        # What is closed meanwhile is none.
        with suppress(FileNotFoundError):
            held += str(entry.readlink()) in established
    return held


def tree(root: int) -> list[int]:
    """A process and its descendants."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError, ValueError, IndexError):
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(entry.name))
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += children.get(pid, [])
    return found


def _rss(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def _cpu(pid: int) -> float:
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def running(
    argv: list[str],
    port: int,
    *,
    env: dict[str, str] | None = None,
    ready: str | None = None,
    cwd: Path = ROOT,
    cores: Sequence[int] = (SERVER_CORE,),
) -> Iterator[Server]:
    """Start a server on its cores, wait until it answers, stop it at the end. `ready`: a path that answers 200."""
    folder = Path(tempfile.mkdtemp(prefix="bench-log-"))
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["taskset", "-c", ",".join(map(str, cores)), *argv],
            cwd=cwd,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "", **(env or {})},  # compiled once, as where it is installed
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            # A group to be ended as a whole, yet in this session: Linux shares out time between sessions first.
            process_group=0,
            preexec_fn=_files,  # noqa: PLW1509 - no threads at this point
        )
    server = Server(port, process, log)
    try:
        _wait(server, ready)
        yield server
    finally:
        stop(process)
        shutil.rmtree(folder, ignore_errors=True)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a server and everything it started."""
    if process.poll() is None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(15)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _files() -> None:
    import resource

    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    services._die_with_parent()


def _wait(server: Server, ready: str | None) -> None:
    import socket

    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            break
        with suppress(OSError, URLError):
            if ready is None:
                socket.create_connection(("127.0.0.1", server.port), 1).close()
            else:
                urlopen(server.url + ready, timeout=5).close()
            return
        time.sleep(0.02)
    last = server.log.read_text(errors="replace").strip().splitlines() or ["it said nothing"]
    raise Missing(f"a server did not start: {last[-1]}")


@contextmanager
def backchannel(
    world: list[str],
    *,
    database: str = "sqlite",
    env: dict[str, str] | None = None,
    cores: Sequence[int] = (SERVER_CORE,),
) -> Iterator[Server]:
    """The real server, with the people and rooms that `world` asks for (the options of lab.bench.world)."""
    data = Path(tempfile.mkdtemp(prefix="bench-data-"))
    settings = {**LIFTED, **NOT_INHERITED, "BACKCHANNEL_DATA": str(data), **(env or {})}
    try:
        with database_of(database) as (url, pids):
            settings |= {"BACKCHANNEL_DATABASE_URL": url} if url else {}
            made = make_world(world, settings)
            port = free_port()
            argv = [str(ROOT / ".venv" / "bin" / "backchannel"), "serve", "--port", str(port)]
            with running(argv, port, env=settings, ready="/readyz", cores=cores) as server:
                server.world = made
                server.beside = pids
                yield server
    finally:
        shutil.rmtree(data, ignore_errors=True)


def make_world(world: list[str], settings: dict[str, str]) -> dict[str, Any]:
    """Write people and rooms into the database that `settings` name."""
    argv = [str(ROOT / ".venv" / "bin" / "python"), "-m", "lab.bench.world", *world]
    ran = subprocess.run(argv, cwd=ROOT, env={**os.environ, **settings}, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise Missing(f"the world could not be made: {ran.stderr.strip().splitlines()[-1]}")
    made: dict[str, Any] = json.loads(ran.stdout)
    return made


@contextmanager
def database_of(kind: str) -> Iterator[tuple[str, list[int]]]:
    if kind == "sqlite":
        yield "", []
        return
    with postgres() as (url, pids):
        yield url, pids


@contextmanager
def postgres() -> Iterator[tuple[str, list[int]]]:
    """A private PostgreSQL on the server's core: its URL and its pid."""
    with services.postgres() as url, pinned(int(url.rpartition(":")[2].partition("/")[0])) as pids:
        yield url, pids


@contextmanager
def redis() -> Iterator[tuple[str, list[int]]]:
    """A private Redis on the server's core: its URL and its pid."""
    with services.redis() as url, pinned(int(url.rpartition(":")[2].partition("/")[0])) as pids:
        yield url, pids


@contextmanager
def pinned(port: int) -> Iterator[list[int]]:
    """Put the child of this process that listens on `port` on the server's core."""
    pids = [pid for pid in tree(os.getpid()) if pid != os.getpid() and _mentions(pid, str(port))]
    for pid in pids:
        os.sched_setaffinity(pid, {SERVER_CORE})
        # It has a session of its own, which is to have the precedence that this one has.
        with suppress(OSError):
            Path(f"/proc/{pid}/autogroup").write_text(str(precedence()))
    yield pids[:1]


def precedence() -> int:
    """The nice value of this session, which is 0 unless somebody gave it another by /proc/self/autogroup."""
    try:
        return int(Path("/proc/self/autogroup").read_text().rpartition(" ")[2])
    except (OSError, ValueError):
        return 0


def _mentions(pid: int, word: str) -> bool:
    try:
        # Redis changes its process title: "redis-server 127.0.0.1:6379".
        return word in re.split(r"[\0 :]", Path(f"/proc/{pid}/cmdline").read_text())
    except OSError:
        return False
