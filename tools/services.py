"""PostgreSQL and Redis for the tests: private, on free ports, in a temporary folder, gone afterwards.

    python tools/services.py run [--only postgres|redis] -- COMMAND…

runs COMMAND with `BACKCHANNEL_TEST_POSTGRES_URL` and `BACKCHANNEL_TEST_REDIS_URL` set, stops both servers and
returns the command's exit code. A variable that is set already is believed, and that server is not started.
In Python, `with postgres() as url:` and `with redis() as url:` do the same for one server; `postgres_service` and
`redis_service` yield one that can be killed and started again.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import machine
from machine import Missing, say

if TYPE_CHECKING:
    from collections.abc import Iterator

POSTGRES_URL = "BACKCHANNEL_TEST_POSTGRES_URL"
REDIS_URL = "BACKCHANNEL_TEST_REDIS_URL"
START_TIMEOUT_S = 60.0


def free_port() -> int:
    """A TCP port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Service:
    """One private server: started, and stopped in any way, on the same port and folder."""

    def __init__(
        self, url: str, command: list[object], folder: Path, stop: signal.Signals, who: dict[str, Any]
    ) -> None:
        self.url = url
        self.folder = folder
        self._command = [str(word) for word in command]
        self._stop = stop
        self._who = who
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it and return when it answers."""
        log = self.folder / "log"
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                self._command,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - what it calls is safe beside threads
                start_new_session=True,
                **self._who,
            )
        _wait_for(self._process, log)

    def tell(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    def pids(self) -> list[str]:
        """Of the process and its children."""
        assert self._process is not None
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text()
        return [str(self._process.pid), *children.split()]

    def stop(self, by: signal.Signals | None = None) -> None:
        """Send it its own stop signal, or `by`, and wait for its end."""
        if self._process is None:
            return
        if self.runs:
            self.tell(by or self._stop)
            # A stopped process acts on no other signal.
            self.tell(signal.SIGCONT)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextmanager
def postgres_service() -> Iterator[Service]:
    """A PostgreSQL server that runs; its URL is that of an empty database in it."""
    programs = machine.find_postgres()
    if programs is None:
        raise Missing("no PostgreSQL server on this machine: apt-get install postgresql, or set " + POSTGRES_URL)
    with scratch("backchannel-postgres-") as folder:
        who = unprivileged(folder)
        data, port = folder / "data", free_port()
        made = subprocess.run(
            [
                str(programs / "initdb"),
                "-D",
                str(data),
                "-U",
                "backchannel",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C",
                "-N",
            ],
            capture_output=True,
            text=True,
            check=False,
            cwd=folder,
            **who,
        )
        if made.returncode:
            raise Missing(f"PostgreSQL's initdb failed: {(made.stderr or made.stdout).strip().splitlines()[-1]}")
        # The cluster's own database keeps its name; tests make theirs beside it.
        url = f"postgresql://backchannel@127.0.0.1:{port}/postgres"
        with running(Service(url, postgres_command(programs, data, port, folder), folder, signal.SIGINT, who)) as it:
            yield it


def postgres_command(programs: Path, data: Path, port: int, folder: Path) -> list[object]:
    """How PostgreSQL is started on the folder `data`. Durable as in production: the server refuses one that is not."""
    settings = {"max_connections": "200", "unix_socket_directories": folder}
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    return [programs / "postgres", "-D", data, "-p", port, "-h", "127.0.0.1", *options]


@contextmanager
def redis_service(port: int | None = None) -> Iterator[Service]:
    """A Redis (or Valkey) server that runs and keeps nothing on disk."""
    program = machine.find_redis()
    if program is None:
        raise Missing("no Redis or Valkey server on this machine: apt-get install redis-server, or set " + REDIS_URL)
    port = port or free_port()
    with scratch("backchannel-redis-") as folder:
        command = [
            *(program, "--port", port, "--bind", "127.0.0.1"),
            *("--save", "", "--appendonly", "no", "--dir", folder),
        ]
        with running(Service(f"redis://127.0.0.1:{port}/0", command, folder, signal.SIGTERM, {})) as it:
            yield it


@contextmanager
def postgres() -> Iterator[str]:
    """Start a PostgreSQL server and yield the URL of an empty database in it."""
    with postgres_service() as service:
        yield service.url


@contextmanager
def redis(port: int | None = None) -> Iterator[str]:
    """Start a Redis (or Valkey) server that keeps nothing on disk and yield its URL."""
    with redis_service(port) as service:
        yield service.url


@contextmanager
def running(service: Service) -> Iterator[Service]:
    """Start it, and stop it at the end of the block."""
    service.start()
    try:
        yield service
    finally:
        service.stop()


@contextmanager
def scratch(prefix: str) -> Iterator[Path]:
    """A temporary folder, deleted afterwards. Not pytest's: the user that PostgreSQL runs as cannot read those."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def unprivileged(folder: Path) -> dict[str, Any]:
    """Arguments for `Popen`. PostgreSQL refuses to run as root, so root runs it as another user, who then owns its folder."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        os.chown(folder, found.pw_uid, found.pw_gid)
        return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}
    raise Missing("PostgreSQL does not run as root, and there is no user `postgres` or `nobody` to run it as")


def _die_with_parent() -> None:
    # A test run that is killed must not leave servers behind. Linux only (PR_SET_PDEATHSIG).
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGINT)


def _wait_for(process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        # Both servers listen a moment before they answer, and both log this when they do.
        if re.search(rb"eady to accept (read-only )?connections", log.read_bytes()):
            return
        time.sleep(0.05)
    last = log.read_text(errors="replace").strip().splitlines() or ["it said nothing"]
    raise Missing(f"a server for the tests did not start: {last[-1]}")


def run(command: list[str], only: str | None) -> int:
    """Run `command` beside the servers and return its exit code."""
    env = dict(os.environ)
    with ExitStack() as servers:
        for name, variable, server in (("postgres", POSTGRES_URL, postgres), ("redis", REDIS_URL, redis)):
            if only in (None, name) and not env.get(variable):
                env[variable] = servers.enter_context(server())
        process = subprocess.Popen(command, env=env)
        # The terminal's interrupt reaches the command by itself; either way this process waits for its end.
        signal.signal(signal.SIGINT, lambda _number, _frame: None)
        signal.signal(signal.SIGTERM, lambda number, _frame: process.send_signal(number))
        return process.wait()


def main(argv: list[str]) -> int:
    """The command line that the module's docstring shows."""
    parser = argparse.ArgumentParser(prog="services.py", description="Run a command beside PostgreSQL and Redis.")
    verbs = parser.add_subparsers(required=True)
    runner = verbs.add_parser("run")
    runner.add_argument("--only", choices=("postgres", "redis"))
    runner.add_argument("command", nargs="+")
    options = parser.parse_args(argv)
    try:
        return run(options.command, options.only)
    except Missing as missing:
        say(f"error: {missing}")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
