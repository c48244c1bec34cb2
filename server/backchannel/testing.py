"""For the tests of a Django site with a chat: a node in the test's own process, and people who talk in it.

    pytest_plugins = ["backchannel.testing"]      # in conftest.py; needs pytest and pytest-django

    def test_ada_reads_what_the_shop_posts(backchannel_node, ada):
        client = backchannel_node.client(ada)
        api.post("order:17", "Shipped")
        client.wait_for("message_created", content="Shipped")

Tests of code that calls `backchannel.api` need no node: see docs/embed/testing.md.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import deque
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from starlette.types import ASGIApp, Message

from backchannel import api
from backchannel.api.rooms import id_of, name_of
from backchannel.config import DEFAULT_AUTHENTICATION
from backchannel.embed import mount

T = TypeVar("T")
Frame = dict[str, Any]

PATIENCE_S: Final = 30.0
"""How long a test waits for what must happen."""
POLL_S: Final = 5
"""How long one request waits for a frame."""
HOST: Final = b"localhost"


@pytest.fixture
def backchannel_node(transactional_db: None, settings: Any, tmp_path: Path) -> Iterator[Node]:
    """A running chat with a bus in memory, on the test's database; its files, if the site takes any, are in a folder of the test's own.
    Django's own pages are not there."""
    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, HOST.decode()]
    settings.BACKCHANNEL = for_a_test(
        getattr(settings, "BACKCHANNEL", {}), tmp_path / "files", takes_files="chat" in settings.STORAGES
    )
    with running_node() as node:
        yield node


def for_a_test(chosen: dict[str, Any], folder: Path, *, takes_files: bool) -> dict[str, Any]:
    """The site's `BACKCHANNEL`, with nothing that a test would share with the site or another test. `takes_files`: `STORAGES` says where
    the site has files."""
    # The clients of a test have tokens, whatever the site's own people sign in by.
    authentication = [*chosen.get("AUTHENTICATION", DEFAULT_AUTHENTICATION), "backchannel.auth.Token"]
    made = {**chosen, "REDIS_URLS": [], "AUTHENTICATION": list(dict.fromkeys(authentication))}
    if takes_files or chosen.get("FILES"):
        made["FILES"] = str(folder)
    return made


class Refused(Exception):
    """The chat answered with an error. `code`: as in the protocol's table of errors, like "not_a_member"."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.code = str(body.get("code", "")) if isinstance(body, dict) else ""


class Node:
    """A chat that runs in a thread. `application` belongs to `loop`."""

    def __init__(self, application: ASGIApp, loop: asyncio.AbstractEventLoop) -> None:
        self._application = application
        self._loop = loop

    def client(self, user: Any) -> ChatClient:
        """A client of this user of the site, who is made a person of the chat."""
        return ChatClient(self, user)

    def request(self, method: str, path: str, body: Any = None, token: str | None = None) -> Any:
        """The chat's answer, parsed from JSON. `path`: below the chat's own, like "/api/me". Raises Refused."""
        status, text = self.run(_call(self._application, method, path, body, token))
        answer = json.loads(text) if text else None
        if status >= 400:
            raise Refused(status, answer)
        return answer

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the chat's event loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)


class ChatClient:
    """One person's client. It receives by polling `/api/sync`, which carries the frames a WebSocket would.

    It is a newcomer when it is made: `rooms` is there, and frames are those of what happens later.
    """

    def __init__(self, node: Node, user: Any) -> None:
        api.apply_waiting()  # what the test has committed is there when its clients come
        self._node = node
        self._token = api.token(user, "test")
        self._instance = str(uuid4())
        self._epoch = ""
        self._user_version = 0
        self._cursors: dict[str, int] = {}
        self._waiting: deque[Frame] = deque()
        self.rooms: dict[int, Frame] = {}
        """Id → row of the room list, as last received."""
        self.receive()
        self._waiting.clear()

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """Any route of the chat's API, as this person; `path` like "/api/rooms". Raises Refused."""
        return self._node.request(method, path, body, self._token)

    def send(self, room: api.RoomLike, text: str) -> Frame:
        """Send a message; returns it as stored. Raises Refused where this person is not a member, `api.ChatError` where no room is."""
        answer = self.request("POST", f"/api/rooms/{_id_of(room)}/messages", {"content": text})
        message: Frame = answer["message"]
        return message

    def texts(self, room: api.RoomLike) -> list[str]:
        """The newest messages of the room, oldest first. Raises Refused."""
        page = self.request("GET", f"/api/rooms/{_id_of(room)}/messages")
        return [message["content"] for message in page["messages"]]

    def receive(self, wait_s: int = 0) -> list[Frame]:
        """The frames since the last call; waits for the first one, `wait_s` seconds (0 to 25) at most."""
        asked: Frame = {"wait": wait_s, "client": {"instance": self._instance}}
        if self._epoch:
            asked["resume"] = {"epoch": self._epoch, "user_version": self._user_version, "rooms": self._cursors}
        answer = self.request("POST", "/api/sync", asked)
        self._epoch, self._user_version = answer["epoch"], answer["user_version"]
        for frame in answer["frames"]:
            self._apply(frame)
        frames: list[Frame] = answer["frames"]
        return frames

    def wait_for(self, type: str, **members: Any) -> Frame:
        """The next frame of this type with these members; those before it are dropped. Of `message_created` also the message's own
        members count, like `content`. Fails the test after 30 seconds."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            while self._waiting:
                frame = self._waiting.popleft()
                shown = {**frame.get("message", {}), **frame} if type == "message_created" else frame
                if frame["type"] == type and all(shown.get(name) == value for name, value in members.items()):
                    return frame
            if time.monotonic() > deadline:
                pytest.fail(f"No {type} with {members} in {PATIENCE_S:.0f} s.")
            self._waiting.extend(self.receive(POLL_S))

    def _apply(self, frame: Frame) -> None:
        if frame["type"] == "room_list":
            self.rooms = {room["id"]: room for room in frame["rooms"]}
            listed: dict[str, int] = {str(room["id"]): room["seq"] for room in frame["rooms"]}
            self._cursors = {id: self._cursors.get(id, seq) for id, seq in listed.items()}
        elif frame["type"] == "room_added":
            self.rooms[frame["room"]["id"]] = frame["room"]
            self._cursors[str(frame["room"]["id"])] = frame["room"]["seq"]
        elif frame["type"] == "room_removed":
            self.rooms.pop(frame["room_id"], None)
            self._cursors.pop(str(frame["room_id"]), None)
        elif "seq" in frame and str(frame.get("room_id")) in self._cursors:
            self._cursors[str(frame["room_id"])] = frame["seq"]


@contextmanager
def running_node() -> Iterator[Node]:
    """A node that runs until the block ends, for tests without pytest-django. Raises ImproperlyConfigured: SQLite in memory."""
    if connection.vendor == "sqlite" and connection.is_in_memory_db():  # type: ignore[attr-defined]
        raise ImproperlyConfigured(
            "The chat's threads do not see a test database in memory. Name a file, which Django makes and deletes: "
            'DATABASES["default"]["TEST"] = {"NAME": BASE_DIR / "test.sqlite3"}.'
        )
    application = mount(_no_pages, path="/chat")
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="backchannel-node", daemon=True)
    thread.start()
    node = Node(application, loop)
    lifespan = _Lifespan(application)
    try:
        node.run(lifespan.start())
        try:
            yield node
        finally:
            node.run(lifespan.stop())
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE_S)
        loop.close()


class _Lifespan:
    """The messages of a server to an application when it starts and stops."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application
        self._said: asyncio.Queue[Message] = asyncio.Queue()
        self._answers: asyncio.Queue[Message] = asyncio.Queue()

    async def start(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
        self._task = asyncio.ensure_future(self._application(scope, self._said.get, self._answers.put))
        await self._exchange("lifespan.startup")

    async def stop(self) -> None:
        await self._exchange("lifespan.shutdown")
        await self._task

    async def _exchange(self, what: str) -> None:
        await self._said.put({"type": what})
        answer = await self._answers.get()
        if answer["type"] != f"{what}.complete":
            raise RuntimeError(f"The chat did not start: {answer.get('message')}")


async def _no_pages(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        raise ValueError("no lifespan")
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b"{}"})


async def _call(application: ASGIApp, method: str, path: str, body: Any, token: str | None) -> tuple[int, bytes]:
    """One HTTP request; status and body of its answer."""
    address = urlsplit(f"/chat{path}")
    headers = [(b"host", HOST), (b"content-type", b"application/json")]
    if token is not None:
        headers.append((b"authorization", f"Bearer {token}".encode()))
    content = b"" if body is None else json.dumps(body).encode()
    headers.append((b"content-length", str(len(content)).encode()))
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": address.path, "raw_path": address.path.encode(), "query_string": address.query.encode(), "root_path": "",
        "headers": headers, "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
    }  # fmt: skip
    coming: asyncio.Queue[Message] = asyncio.Queue()
    await coming.put({"type": "http.request", "body": content, "more_body": False})
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    await application(scope, coming.get, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


def _id_of(room: api.RoomLike) -> int:
    id = id_of(name_of(room))
    assert id is not None, "the room's transaction has not committed"
    return id
