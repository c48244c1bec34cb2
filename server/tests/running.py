"""A server in this process on a random port, and clients that use it over real sockets."""

from __future__ import annotations

import itertools
import json
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote
from uuid import uuid4

import httpx
import uvicorn
from django.contrib.auth import get_user_model
from django.core.management import call_command
from msgspec import structs
from starlette.types import ASGIApp
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from backchannel.accounts import lookup
from backchannel.accounts.people import person_of
from backchannel.fanout.bus import Bus
from backchannel.followers.follower import Follower
from backchannel.protocol.commands import COMMANDS
from backchannel.protocol.shapes import Limits, User
from backchannel.runner.http_protocol import GuardedHttpProtocol
from backchannel.runner.listening import listen
from backchannel.runner.server import FRAME_BYTES
from backchannel.runner.websocket.server import make_websocket
from backchannel.store.workspace import workspace

Frame = dict[str, Any]

PATIENCE_S = 30.0
"""How long a test waits for what must happen. Not a bound on speed: a correct server never takes so long."""

WITHOUT_LIMITS = Limits(
    sends_per_second=1e9,
    send_burst=10**9,
    commands_per_second=1e9,
    changes_per_second=1e9,
    change_burst=10**9,
    rooms=10**9,
    rooms_created_per_day=10**9,
    people_added_per_day=10**9,
    connections=10_000,
)

WAYS = ("websocket", "rest")
"""The transports, for `Running.sender`."""

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Someone:
    """A person with an account and a token."""

    user: User
    token: str
    account: Any

    @property
    def id(self) -> int:
        return self.user.id

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


def somebody(name: str = "somebody") -> Someone:
    """A new person with a unique username that begins with `name`."""
    account = get_user_model()(username=f"{name}{next(_numbers)}x", display_name=name.title())
    account.set_unusable_password()
    account.save()
    return Someone(person_of(account), lookup.issue_token(account), account)


@dataclass(frozen=True)
class Answer:
    """The answer to a command on either transport. `status` is None for an ack, which has none."""

    status: int | None
    body: Any

    @property
    def ok(self) -> bool:
        return self.status is None or self.status < 400

    @property
    def code(self) -> str | None:
        return None if self.ok else str(self.body["code"])


class Running:
    """A running server. `chat` may be inspected: it is in this process, in its own thread."""

    def __init__(self, chat: Any, sock: socket.socket) -> None:
        self.chat = chat
        self.port = int(sock.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self.http = httpx.Client(base_url=self.url, timeout=PATIENCE_S, verify=False, trust_env=False)

    def call(self, who: Someone | None, word: str, **fields: Any) -> Answer:
        """Send a command over HTTP."""
        response = self.request(who, word, fields)
        return Answer(response.status_code, response.json())

    def sender(self, way: str) -> Callable[..., Answer]:
        """A function as `call` that sends over this transport, one of WAYS."""

        def by_socket(who: Someone, word: str, **fields: Any) -> Answer:
            with self.device(who) as device:
                return device.call(word, **fields)

        return by_socket if way == "websocket" else self.call

    def request(self, who: Someone | None, word: str, fields: dict[str, Any]) -> httpx.Response:
        declaration = COMMANDS[word]
        rest = dict(fields)
        path = declaration.path
        for name in declaration.path_fields:
            path = path.replace("{" + name + "}", quote(str(rest.pop(name)), safe=""))
        headers = {} if who is None else who.headers
        assert declaration.method
        if declaration.method in ("GET", "DELETE"):
            return self.http.request(declaration.method, path, params=rest, headers=headers)
        return self.http.request(declaration.method, path, json=rest, headers=headers)

    def do(self, who: Someone, word: str, **fields: Any) -> Any:
        """Send a command over HTTP that must succeed; returns its result."""
        answer = self.call(who, word, **fields)
        assert answer.ok, answer
        return answer.body

    def group(self, owner: Someone, *others: Someone) -> int:
        """Create a group of these people; returns its id."""
        members = [each.id for each in others]
        return int(self.do(owner, "create_room", kind="group", members=members)["room"]["id"])

    def sync(self, who: Someone, resume: Frame | None = None, wait: float = 0, **rest: Any) -> httpx.Response:
        asked = {"wait": wait, **({"resume": resume} if resume else {}), **rest}
        return self.http.post("/api/sync", json=asked, headers=who.headers)

    def device(self, who: Someone, **opening: Any) -> Device:
        """A WebSocket client that has caught up."""
        device = self.dial(who)
        device.hello(**opening)
        device.until("caught_up")
        return device

    def dial(self, who: Someone | None = None, query: str = "", **options: Any) -> Device:
        """A WebSocket client that has not sent `hello`."""
        headers = {**(who.headers if who else {}), **options.pop("headers", {})}
        return Device(
            connect(
                f"ws://127.0.0.1:{self.port}/ws{query}",
                additional_headers=headers,
                compression=None,
                max_size=None,
                open_timeout=PATIENCE_S,
                close_timeout=1,
                proxy=None,
                legacy=True,
                **options,
            )
        )

    def wait_until(self, true: Callable[[], Any]) -> None:
        wait_until(true)

    def in_loop(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call on the server's event loop and return the result."""
        done: Future[Any] = Future()

        def call() -> None:
            try:
                done.set_result(function(*arguments))
            except BaseException as error:
                done.set_exception(error)

        self.chat.log._loop.call_soon_threadsafe(call)
        return done.result(PATIENCE_S)

    def forget_identities(self) -> None:
        """Empty the cache of identities, so that the next request is authenticated by the database."""
        self.chat.node.authenticate.__self__.cache.clear()

    def forget_devices_of(self, who: Someone) -> None:
        """Close the person's polling sessions, as if they had polled another node so far."""

        def forget() -> None:
            for each in self.chat.hub.subscribers_of(who.id):
                if not each.is_socket:
                    each.close()

        self.in_loop(forget)

    def polls_of(self, who: Someone) -> int:
        """The number of this person's polls that wait now."""
        return int(
            self.in_loop(
                lambda: sum(each.waiting for each in self.chat.hub.subscribers_of(who.id) if not each.is_socket)
            )
        )


class Device:
    """A WebSocket client. Frames that were read but not asked for are kept in `received`, in order."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.received: list[Frame] = []
        self._coming: deque[Frame] = deque()

    def say(self, frame: Any) -> None:
        self.connection.send(frame if isinstance(frame, str | bytes) else json.dumps(frame))

    def hello(self, resume: Frame | None = None, instance: str | None = None, protocol: int = 1) -> None:
        client = {"name": "test", "version": "1", "instance": instance or str(uuid4())}
        self.say({"type": "hello", "protocol": protocol, "client": client, **({"resume": resume} if resume else {})})

    def next(self) -> Frame:
        if not self._coming:
            text = self.connection.recv(timeout=PATIENCE_S)
            message = json.loads(text)
            self._coming.extend(message if isinstance(message, list) else [message])
        return self._coming.popleft()

    def until(self, type_: str, **members: Any) -> Frame:
        """The next frame of this type with these members; frames before it are kept in `received`."""
        while True:
            frame = self.next()
            if frame["type"] == type_ and all(frame.get(name) == value for name, value in members.items()):
                return frame
            self.received.append(frame)

    def take(self) -> list[Frame]:
        """Everything the server sent before it answered this call's ping; empties `received`."""
        id_ = str(uuid4())
        self.say({"type": "ping", "id": id_})
        self.until("pong", id=id_)
        received, self.received = self.received, []
        return received

    def call(self, word: str, **fields: Any) -> Answer:
        """Send a command and wait for its answer."""
        said = {"type": word, **fields}
        if word not in COMMANDS or not COMMANDS[word].has_id_of_its_own:
            said.setdefault("id", str(uuid4()))
        id_ = said.get("id")
        self.say(said)
        while True:
            frame = self.next()
            if frame["type"] == "error" and frame["id"] in (id_, None):
                return Answer(frame["error"]["status"], frame["error"])
            if frame["type"] == "ack" and frame["id"] in (id_, None):
                return Answer(None, frame["result"])
            if frame["type"] in ("room_list", "pong") and frame.get("id") == id_:
                return Answer(None, {name: value for name, value in frame.items() if name not in ("type", "id")})
            self.received.append(frame)

    def closed(self) -> tuple[int, str]:
        """Wait for the close; returns code and reason. Frames before it are kept in `received`."""
        try:
            while True:
                self.received.append(self.next())
        except ConnectionClosed as closed:
            return (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, "")

    def close(self) -> None:
        self.connection.close()

    def __enter__(self) -> Device:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def wait_until(true: Callable[[], Any]) -> None:
    """Wait until the condition holds."""
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline, "the condition never held"
        time.sleep(0.005)


@contextmanager
def running(
    *,
    limits: Limits = WITHOUT_LIMITS,
    heartbeat_s: int = 3600,
    send_buffer: int | None = None,
    websocket: Any = make_websocket,
    bus: Bus | None = None,
    followers: Sequence[Follower] = (),
    **config: Any,
) -> Iterator[Running]:
    """Serve until the block ends; the database must exist.

    `send_buffer`: bytes that the kernel keeps for each client. `websocket`: uvicorn's `ws`, ours or another implementation.
    `config`: fields of `ChatConfig`. No followers by default, because they read and write at any time.
    """
    from django.core.asgi import get_asgi_application

    from backchannel.chat import config_from_settings
    from backchannel.chat.create import create
    from backchannel.site.asgi import pages_of

    workspace()
    fields = {"limits": limits, "heartbeat_s": heartbeat_s, "push_contact": "mailto:admin@chat.example.com", **config}
    chat = create(
        structs.replace(config_from_settings(), **fields),
        bus,
        pages=pages_of(cast("ASGIApp", get_asgi_application())),
        followers=followers,
    )
    sock = listen("127.0.0.1", 0)
    if send_buffer is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
    uvicorn_config = uvicorn.Config(
        chat,
        loop="uvloop",
        http=GuardedHttpProtocol,
        ws=websocket,
        ws_max_size=FRAME_BYTES,
        ws_per_message_deflate=False,
        ws_ping_interval=None,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(uvicorn_config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, name="server")
    thread.start()
    try:
        wait_until(lambda: server.started or not thread.is_alive())
        assert server.started
        it = Running(chat, sock)
        try:
            yield it
        finally:
            it.http.close()
    finally:
        server.should_exit = True
        thread.join()


def empty_database() -> None:
    """Delete all rows, for the tests that follow."""
    call_command("flush", verbosity=0, interactive=False, reset_sequences=False)
