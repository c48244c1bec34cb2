"""A site of examples/ in processes of its own: its manage.py and its server, on files that a test gives it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from e2e.support.server import free_port

PATIENCE_S = 60


class ExampleSite:
    """`root`: where its manage.py is. `environment`: what its settings read, its database at least."""

    def __init__(self, root: Path, log: Path, **environment: str) -> None:
        self.log = log
        self._root = root
        self._environment = {**os.environ, **environment}

    def manage(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=self._root,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )

    def set_up(self) -> None:
        """Its tables, and the people of its README."""
        for command in ("migrate", "demo"):
            ran = self.manage(command)
            assert ran.returncode == 0, ran.stderr

    @contextmanager
    def served(self) -> Iterator[int]:
        """Serve until the block ends; the port."""
        port = free_port()
        argv = [sys.executable, "manage.py", "backchannel", "serve", "--port", str(port)]
        with (
            self.log.open("wb") as log,
            subprocess.Popen(argv, cwd=self._root, env=self._environment, stdout=log, stderr=log) as process,
        ):
            try:
                self._wait_for(f"http://127.0.0.1:{port}/chat/readyz", process)
                yield port
            finally:
                process.terminate()

    def _wait_for(self, url: str, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            assert process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, "the site does not answer"
            try:
                if httpx.get(url).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
