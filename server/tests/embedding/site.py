"""The site of `shop/` in a process of its own: its database, its manage.py, its server, and people who talk in it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from websockets.sync.client import ClientConnection, connect

HERE = Path(__file__).parent
SERVER = HERE.parent.parent
PATIENCE_S = 60
BOTH_APPS = "backchannel.store backchannel.accounts"

ASGI = "shop.asgi:application"
SERVERS = {
    "uvicorn": ["uvicorn", ASGI, "--host", "127.0.0.1", "--port", "{port}"],
    "uvicorn without lifespan": ["uvicorn", ASGI, "--host", "127.0.0.1", "--port", "{port}", "--lifespan", "off"],
    "gunicorn": ["gunicorn", ASGI, "-k", "uvicorn_worker.UvicornWorker", "--preload", "-b", "127.0.0.1:{port}"],
    "hypercorn": ["hypercorn", ASGI, "--bind", "127.0.0.1:{port}"],
    "manage.py backchannel serve": ["django", "backchannel", "serve", "--port", "{port}"],
    "daphne": ["daphne", "-b", "127.0.0.1", "-p", "{port}", ASGI],
    "runserver": ["django", "runserver", "--noreload", "127.0.0.1:{port}"],
    "runserver with its reloader": ["django", "runserver", "127.0.0.1:{port}"],
}
NEEDED_SETTINGS = {name: {"SHOP_FIRST_APPS": "daphne"} for name in SERVERS if name.startswith("runserver")}
"""`runserver` speaks ASGI with daphne among the apps."""


class Shop:
    """The site's files and database; `run` is its manage.py."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join((str(HERE), str(SERVER))),
            "DJANGO_SETTINGS_MODULE": "shop.settings",
            "SHOP_DATABASE": str(folder / "shop.sqlite3"),
            "SHOP_CHAT_APPS": BOTH_APPS,
            **settings,
        }

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", *words],
            env=self.environment,
            cwd=HERE,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def done(self, *words: str) -> str:
        ran = self.run(*words)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    def migrate(self) -> None:
        self.done("django", "migrate", "--verbosity", "0")

    def customers(self, *names: str) -> list[str]:
        """Make them; their sessions."""
        lines = self.done("shop.customers", *names).splitlines()  # among those of the log
        return [line.split()[1] for line in lines if line.startswith("session ")]

    @contextmanager
    def served_by(self, name: str, log: Path) -> Iterator[Served]:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        with (
            log.open("wb") as output,
            subprocess.Popen(
                [sys.executable, "-m", *(word.format(port=port) for word in SERVERS[name])],
                env={**NEEDED_SETTINGS.get(name, {}), **self.environment},
                cwd=HERE,
                stdout=output,
                stderr=output,
                start_new_session=True,
            ) as process,
        ):
            try:
                served = Served(f"http://127.0.0.1:{port}", process)
                wait_for(lambda: served.answers() or process.poll() is not None)
                assert process.poll() is None, log.read_text()
                yield served
                served.terminate()
                process.wait(PATIENCE_S)
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)


class Served:
    """A running server. `chat`: where the chat is, without the host."""

    def __init__(self, url: str, process: subprocess.Popen[bytes], chat: str = "/chat") -> None:
        self.url = url
        self.chat = chat
        self._process = process

    def answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/orders/").text == "no orders"
        except httpx.TransportError:
            return False

    def terminate(self) -> None:
        self._process.terminate()

    def browser(self, session: str) -> httpx.Client:
        return httpx.Client(
            base_url=self.url,
            cookies={"sessionid": session},
            headers={"Origin": self.url, "X-CSRFToken": "x"},
            timeout=PATIENCE_S,
        )

    @contextmanager
    def dial(self, session: str) -> Iterator[ClientConnection]:
        """A WebSocket that has said hello."""
        headers = {"Cookie": f"sessionid={session}", "Origin": self.url}
        address = f"{self.url.replace('http', 'ws', 1)}{self.chat}/ws"
        with connect(address, additional_headers=headers) as opened:
            client = {"name": "test", "version": "1", "instance": str(uuid4())}
            opened.send(json.dumps({"type": "hello", "protocol": 1, "client": client}))
            yield opened


def wait_for(true: Any) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.05)


def until(opened: ClientConnection, type_: str) -> dict[str, Any]:
    """The next frame of that type."""
    while True:
        text = json.loads(opened.recv(timeout=PATIENCE_S))
        for frame in text if isinstance(text, list) else [text]:
            if frame["type"] == type_:
                return dict(frame)


def created(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 201, answer.text
    return dict(answer.json())
