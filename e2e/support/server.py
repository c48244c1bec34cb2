"""The real program on a folder of its own; can be stopped, killed and started again."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[2]
READY_WITHIN_S = 60.0


@dataclass(frozen=True)
class Account:
    """An account that can sign in. `session` is the value of the cookie named `cookie`."""

    username: str
    display_name: str
    token: str
    cookie: str
    session: str


def free_port() -> int:
    """A port that stays free over a restart: below the range from which the system assigns ports."""
    while True:
        port = random.randrange(15_000, 32_000)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port


class Server:
    """`database_url`: PostgreSQL's, or "" for SQLite in `folder`. `settings` become BACKCHANNEL_… variables."""

    def __init__(self, folder: Path, database_url: str = "", **settings: str) -> None:
        self.folder = folder
        self.database_url = database_url
        self.port = free_port()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("BACKCHANNEL_")}
        self.metrics_listen = f"127.0.0.1:{free_port()}"
        chosen = {
            "DATA": str(folder),
            "DATABASE_URL": database_url,
            "METRICS_LISTEN": self.metrics_listen,
            **settings,
        }
        self._environment = {
            **kept,
            **{f"BACKCHANNEL_{name}": value for name, value in chosen.items()},
            "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "server"))),
            # A server that hangs gets SIGABRT and prints its stacks.
            "PYTHONFAULTHANDLER": "1",
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder.parent / f"{self.folder.name}.log"

    @property
    def setup_address(self) -> str:
        """The setup address that it printed for its future owner."""
        return self.run("setup-address").strip()

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> Server:
        """Start it, and wait until it answers."""
        if not self.runs:
            self.spawn()
            self.wait_ready()
        return self

    def spawn(self, **environment: str) -> None:
        """Start it without waiting; `environment` is for this start alone."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "backchannel", "serve", "--port", str(self.port)],
                env={**self._environment, **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def wait_ready(self) -> None:
        assert self.becomes_ready(), f"the server ended by itself:\n{self.log.read_text()[-8000:]}"

    def becomes_ready(self) -> bool:
        """Wait until it is ready; False if it exits. If it does neither, it is aborted with its stacks in the log."""
        deadline = time.monotonic() + READY_WITHIN_S
        said = ""
        while self.runs:
            try:
                answer = httpx.get(f"{self.url}/readyz", timeout=5)
                if answer.status_code == 200:
                    return True
                said = answer.text
            except httpx.TransportError as problem:
                said = repr(problem)
            if time.monotonic() > deadline:
                self._end(signal.SIGABRT)
                raise AssertionError(f"the server is not ready, it said {said}:\n{self.log.read_text()[-8000:]}")
            time.sleep(0.05)
        return False

    def tell(self, number: signal.Signals) -> None:
        """Send it a signal without waiting."""
        assert self._process is not None
        if self.runs:
            self._process.send_signal(number)

    def stop(self) -> int:
        """SIGTERM, and its exit status."""
        return self._end(signal.SIGTERM)

    def kill(self) -> None:
        """kill -9: no shutdown, no last write."""
        self._end(signal.SIGKILL)

    def people(self, *usernames: str) -> list[Account]:
        """Make accounts; the very first owns the server."""
        ran = self._run("e2e.support.accounts", *usernames)
        return [Account(**json.loads(line)) for line in ran.splitlines() if line.startswith("{")]

    def run(self, *words: str) -> str:
        """A command of the program: `run("backup", "file")`."""
        return self._run("backchannel", *words)

    def _run(self, module: str, *words: str) -> str:
        ran = subprocess.run(
            [sys.executable, "-m", module, *words],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    def _end(self, by: signal.Signals) -> int:
        if self._process is None:
            return 0
        if self.runs:
            self._process.send_signal(by)
        try:
            return self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise AssertionError(f"the server did not stop by {by.name}:\n{self.log.read_text()[-4000:]}") from None
