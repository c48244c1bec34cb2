"""The real program in a process of its own, to be killed, frozen and started again; and devices that talk to it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

from tests.cli.conftest import clean_environment

PATIENCE_S = 30.0
"""How long a test waits for what must come. It says nothing about how fast it should be."""

ROOM = 1
"""The channel that a new server has, and everybody is in."""

_MAKE_PEOPLE = """
import contextlib, io, sys
from backchannel.cli import main
for name in sys.argv[1:]:
    with contextlib.redirect_stdout(io.StringIO()):
        sys.stdin = io.StringIO("x\\n")
        refused = main(["createuser", "--new", name, "--password-stdin"])
    if refused or main(["token", name]):
        sys.exit(1)
"""

Frame = dict[str, Any]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Node:
    """One server process. `environment`: BACKCHANNEL_… variables; nodes that share a database are given the same."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = dict(environment)
        self.port = free_port()
        self.process: subprocess.Popen[str] | None = None
        self.http = httpx.Client(base_url=self.url, timeout=PATIENCE_S, trust_env=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, *before: str, **extra: str) -> Node:
        """Start it (under the program `before`) and return when it listens."""
        self.process = subprocess.Popen(
            [*before, sys.executable, "-m", "backchannel", "serve", "--port", str(self.port)],
            env=clean_environment({**self.environment, **extra}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        while "stop" not in (line := self.process.stdout.readline()):
            assert line, "the server did not start"
        return self

    def stop(self, by: signal.Signals = signal.SIGTERM) -> int:
        """Stop it, unless it has ended by itself, and return its exit status."""
        if self.process is None:
            return 0
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, by)
        # With a faked clock each wait for a connection of the pool may take seconds.
        self.process.communicate(timeout=4 * PATIENCE_S)
        return int(self.process.returncode)

    def people(self, *names: str) -> list[str]:
        """Make accounts; their tokens. The first of all owns the server."""
        ran = subprocess.run(
            [sys.executable, "-c", _MAKE_PEOPLE, *names],
            env=clean_environment(self.environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return ran.stdout.split()

    def cli(self, *words: str) -> str:
        """Run `backchannel` beside the server."""
        ran = subprocess.run(
            [sys.executable, "-m", "backchannel", *words],
            env=clean_environment(self.environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def post(self, token: str, message_id: str, content: str | None = None, room: int = ROOM) -> httpx.Response:
        """A message over HTTP."""
        body = {"id": message_id, "content": content or text_of(message_id)}
        return self.http.post(f"/api/rooms/{room}/messages", json=body, headers=bearer(token))

    def events(self, token: str, room: int = ROOM) -> list[Frame]:
        """The whole log of a room (of up to 200 events)."""
        answer = self.http.get(f"/api/rooms/{room}/events", params={"after": 0, "limit": 200}, headers=bearer(token))
        answer.raise_for_status()
        page = answer.json()
        assert [event["seq"] for event in page["events"]] == list(range(1, page["seq"] + 1))
        return list(page["events"])

    def messages(self, token: str) -> list[str]:
        """The ids of the room's messages, in order."""
        return [event["message"]["id"] for event in self.events(token) if event["type"] == "message_created"]


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def text_of(message_id: str) -> str:
    return f"text {message_id}"


def new_id() -> str:
    return str(uuid.uuid4())


class Socket:
    """A WebSocket that has caught up. Frames that no call waits for are kept in `received`, in order."""

    def __init__(self, link: ClientConnection, resume: Frame | None, instance: str | None) -> None:
        self.link = link
        self.received: list[Frame] = []
        client = {"name": "test", "version": "1", "instance": instance or new_id()}
        self.say({"type": "hello", "protocol": 1, "client": client, **({"resume": resume} if resume else {})})
        self.epoch = self.until("hello")["epoch"]
        self.until("caught_up")

    def say(self, frame: Frame) -> None:
        self.link.send(json.dumps(frame))

    def send(self, message_id: str) -> None:
        self.say({"type": "send_message", "id": message_id, "room_id": ROOM, "content": text_of(message_id)})

    def answer(self, message_id: str) -> Frame:
        """The ack or error of a message."""
        while True:
            for frame in self._next():
                self.received.append(frame)
                if frame["type"] in ("ack", "error") and frame["id"] == message_id:
                    return frame

    def until(self, type_: str) -> Frame:
        """The next frame of this type. Others that came with it are kept."""
        while True:
            frames = self._next()
            self.received += frames
            for frame in frames:
                if frame["type"] == type_:
                    return frame

    def is_alive(self) -> bool:
        """Whether the server answers on it."""
        self.say({"type": "ping"})
        return bool(self.until("pong"))

    def _next(self) -> list[Frame]:
        received = json.loads(self.link.recv(timeout=PATIENCE_S))
        return received if isinstance(received, list) else [received]

    def expect_messages(self, message_ids: Sequence[str]) -> None:
        """These messages of the room come, each once and in this order, and no others before them."""
        while len(self.created()) < len(message_ids):
            self.until("message_created")
        assert self.created() == list(message_ids)

    def created(self) -> list[str]:
        """Ids of the room's messages received so far, in order."""
        mine = [frame for frame in self.received if frame["type"] == "message_created" and frame["room_id"] == ROOM]
        return [frame["message"]["id"] for frame in mine]


@contextmanager
def open_socket(node: Node, token: str, resume: Frame | None = None, instance: str | None = None) -> Iterator[Socket]:
    url = f"ws://127.0.0.1:{node.port}/ws"
    with connect(url, additional_headers=bearer(token), proxy=None, open_timeout=PATIENCE_S, close_timeout=1) as link:
        yield Socket(link, resume, instance)


def send_until_stored(node: Node, token: str, message_ids: Sequence[str]) -> None:
    """As a client does: the same id again, until it is acked. Only trouble may come in between, with a time to wait."""
    for message_id in message_ids:
        while (answer := node.post(token, message_id)).status_code not in (200, 201):
            assert_is_trouble(answer)


def assert_is_trouble(answer: httpx.Response) -> None:
    """Whether the error is our own report of a database in trouble, with a time to wait."""
    assert answer.status_code == 503, answer.text
    assert answer.json()["code"] in ("unavailable", "overloaded")
    assert int(answer.headers["Retry-After"]) >= 1
