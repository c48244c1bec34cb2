"""PostgreSQL and Redis for the tests: private, on free ports, in a temporary folder, gone afterwards.

    python tools/services.py run [--only postgres|redis] -- COMMAND…

runs COMMAND with `BACKCHANNEL_TEST_POSTGRES_URL` and `BACKCHANNEL_TEST_REDIS_URL` set, stops both servers and
returns the command's exit code. A variable that is set already is believed, and that server is not started.
In Python, `with postgres() as url:` and `with redis() as url:` do the same for one server.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

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


@contextmanager
def postgres() -> Iterator[str]:
    """Start a PostgreSQL server and yield the URL of an empty database in it."""
    programs = machine.find_postgres()
    if programs is None:
        raise Missing("no PostgreSQL server on this machine: apt-get install postgresql, or set " + POSTGRES_URL)
    with _folder("backchannel-postgres-") as folder:
        who = _unprivileged(folder)
        data, port = folder / "data", free_port()
        made = subprocess.run(
            [programs / "initdb", "-D", data, "-U", "backchannel", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"],
            capture_output=True,
            text=True,
            check=False,
            cwd=folder,
            **who,
        )
        if made.returncode:
            raise Missing(f"PostgreSQL's initdb failed: {(made.stderr or made.stdout).strip().splitlines()[-1]}")
        # Durable as in production: the server refuses to run on a database that is not.
        settings = {
            "max_connections": "200",
            "unix_socket_directories": folder,
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        server = [programs / "postgres", "-D", data, "-p", str(port), "-h", "127.0.0.1", *options]
        with _running(server, folder, signal.SIGINT, who):
            # The cluster's own database keeps its name; tests make theirs beside it.
            yield f"postgresql://backchannel@127.0.0.1:{port}/postgres"


@contextmanager
def redis(port: int | None = None) -> Iterator[str]:
    """Start a Redis (or Valkey) server that keeps nothing on disk and yield its URL."""
    program = machine.find_redis()
    if program is None:
        raise Missing("no Redis or Valkey server on this machine: apt-get install redis-server, or set " + REDIS_URL)
    port = port or free_port()
    with _folder("backchannel-redis-") as folder:
        server = [
            program,
            "--port",
            str(port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
            "--dir",
            folder,
        ]
        with _running(server, folder, signal.SIGTERM, {}):
            yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def _folder(prefix: str) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unprivileged(folder: Path) -> dict[str, object]:
    # PostgreSQL refuses to run as root, so root runs it as somebody else, who then owns its folder.
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


@contextmanager
def _running(server: list[object], folder: Path, stop: signal.Signals, who: dict[str, object]) -> Iterator[None]:
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(word) for word in server],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            preexec_fn=_die_with_parent,  # noqa: PLW1509 - there are no threads yet
            start_new_session=True,
            **who,
        )
    try:
        _wait_for(process, log)
        yield
    finally:
        process.send_signal(stop)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _die_with_parent() -> None:
    # A test run that is killed outright must not leave servers behind. Linux only (PR_SET_PDEATHSIG).
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGINT)


def _wait_for(process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        # Both servers listen a moment before they answer, and both log this when they do.
        if b"eady to accept connections" in log.read_bytes():
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
