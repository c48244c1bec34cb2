"""One running proxy, on a free port of 127.0.0.1 and in a temporary folder; ends with its block."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from e2e.deploy.shipped import CERTIFICATE, NAME, SYSTEM_PATH
from e2e.support.server import free_port
from lab.proxies.kinds import ProxyKind, settings_of

ANSWERS_WITHIN_S = 30.0


class ProxyProcess:
    def __init__(self, kind: ProxyKind, upstream: int) -> None:
        self.kind = kind
        self.port = free_port()
        self._upstream = upstream
        self._folder = Path(tempfile.mkdtemp(prefix="backchannel-proxy-"))
        # Some, started by root, switch to another user.
        self._folder.chmod(0o777)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"https://{NAME}:{self.port}" if self.kind.is_secure else f"http://127.0.0.1:{self.port}"

    @property
    def certificate(self) -> Path | None:
        """The certificate that clients have to trust."""
        return self._folder / CERTIFICATE if self.kind.is_secure else None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(self) -> None:
        """Start it, and wait until it listens."""
        file = self._folder / (self.kind.file or "none")
        if self.kind.file:
            file.write_text(settings_of(self.kind, self.port, self._upstream, self._folder))
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(word) for word in self.kind.command(file, self.port, self._upstream)],
                cwd=self._folder,
                env={**os.environ, "PATH": SYSTEM_PATH, "HOME": str(self._folder)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + ANSWERS_WITHIN_S
        while time.monotonic() < deadline and self._process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError(f"{self.kind.name} does not listen:\n{self.log()[-3000:]}")

    def kill(self) -> None:
        """At once, with everything it started."""
        if self._process is not None:
            if self._process.poll() is None:
                os.killpg(self._process.pid, 9)
            self._process.wait()

    def log(self) -> str:
        return (self._folder / "log").read_text(errors="replace")
