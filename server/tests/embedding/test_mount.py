"""`mount` without a server: which application gets what, and when the chat starts and stops."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from django.core.asgi import get_asgi_application
from django.core.exceptions import ImproperlyConfigured
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backchannel.accounts import running_chats
from backchannel.embed import mount
from backchannel.embed.application import SiteWithChat
from backchannel.protocol.errors import CommandError
from tests.running import wait_until


async def site(scope: Scope, receive: Receive, send: Send) -> None:
    """Like Django: no lifespan. Answers with the path."""
    if scope["type"] == "lifespan":
        raise ValueError("can only handle ASGI/HTTP connections")
    await PlainTextResponse(f"{scope.get('root_path', '')} {scope['path']}")(scope, receive, send)


@pytest.fixture(autouse=True)
def _stops_what_it_started(module_database: None) -> Iterator[None]:
    yield
    wait_until(lambda: not any(thread.name == "log-writer" for thread in threading.enumerate()))
    assert running_chats._running == []


@asynccontextmanager
async def lifespan(application: ASGIApp) -> AsyncIterator[list[Message]]:
    """Run it as a server does; the messages that it sent."""
    to_application: asyncio.Queue[Message] = asyncio.Queue()
    sent: list[Message] = []
    answered = asyncio.Event()

    async def send(message: Message) -> None:
        sent.append(message)
        answered.set()

    task = asyncio.ensure_future(application({"type": "lifespan", "asgi": {}, "state": {}}, to_application.get, send))
    await to_application.put({"type": "lifespan.startup"})
    await answered.wait()
    if sent[-1]["type"] == "lifespan.startup.failed":
        yield sent
        await asyncio.gather(task, return_exceptions=True)
        return
    try:
        yield sent
    finally:
        await to_application.put({"type": "lifespan.shutdown"})
        await task
        assert sent[-1]["type"] == "lifespan.shutdown.complete"


async def get(application: ASGIApp, path: str, root_path: str = "") -> httpx.Response:
    transport = httpx.ASGITransport(application, root_path=root_path)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        return await client.get(path)


async def test_only_what_is_below_the_prefix_is_the_chats() -> None:
    application = mount(site)
    async with lifespan(application):
        assert (await get(application, "/chat/healthz")).json() == {"up": True}
        assert (await get(application, "/app/chat/healthz", root_path="/app")).json() == {"up": True}
        assert (await get(application, "/chat/api/none")).headers["content-type"] == "application/problem+json"
        for path in ("/", "/chats", "/chat.html", "/api/sync", "/healthz", "/x/chat/healthz"):
            assert (await get(application, path)).text == f" {path}"


async def test_a_websocket_elsewhere_is_refused_where_the_site_has_none_and_left_to_a_site_that_has() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def never() -> Message:
        raise AssertionError("nothing is to be read")

    scope = {"type": "websocket", "path": "/ws", "headers": [], "extensions": {"websocket.http.response": {}}}
    await mount(get_asgi_application())(scope, never, send)
    assert sent[0]["status"] == 404
    assert b"It is at /chat/ws" in sent[1]["body"]
    sent.clear()

    async def with_sockets(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept", "subprotocol": scope["path"]})

    await mount(with_sockets)(scope, never, send)
    assert sent == [{"type": "websocket.accept", "subprotocol": "/ws"}]


async def test_what_has_no_address_goes_to_the_site() -> None:
    kinds: list[str] = []

    async def worker(scope: Scope, receive: Receive, send: Send) -> None:
        kinds.append(scope["type"])

    async def nothing(*_: object) -> Message:
        return {}

    await mount(worker)({"type": "channel", "channel": "mail"}, nothing, nothing)  # type: ignore[arg-type]
    assert kinds == ["channel"]


async def test_two_mounts_have_two_prefixes() -> None:
    application = mount(site, path="/help")
    async with lifespan(application):
        assert (await get(application, "/help/healthz")).json() == {"up": True}
        assert (await get(application, "/chat/healthz")).text == " /chat/healthz"


@pytest.mark.parametrize("path", ["", "/", "chat", "/a b", "/../x", "/a//b", "/é"])
def test_a_prefix_that_cannot_be_one_is_refused(path: str) -> None:
    with pytest.raises(ImproperlyConfigured, match='write it like "/chat"'):
        mount(site, path=path)


async def test_a_site_with_a_lifespan_starts_before_the_chat_and_stops_after_it() -> None:
    order: list[object] = []

    @asynccontextmanager
    async def around(_: Any) -> AsyncIterator[dict[str, str]]:
        order.append(("starts", len(running_chats._running)))
        yield {"pool": "open"}
        order.append(("stops", len(running_chats._running)))

    async def page(request: Request) -> PlainTextResponse:
        return PlainTextResponse("the site's")

    inner = Starlette(routes=[Route("/page", page)], lifespan=around)
    application = mount(inner)
    async with lifespan(application):
        order.append(("serves", len(running_chats._running)))
        assert (await get(application, "/page")).text == "the site's"
    assert order == [("starts", 0), ("serves", 1), ("stops", 0)]


async def test_a_site_that_cannot_start_keeps_the_server_from_starting() -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no pool"})

    async with lifespan(mount(broken)) as sent:
        assert sent[-1]["type"] == "lifespan.startup.failed"
        assert "no pool" in sent[-1]["message"]


async def test_without_a_lifespan_the_first_requests_start_one_chat_together() -> None:
    application = mount(site)
    assert isinstance(application, SiteWithChat)
    assert running_chats._running == []
    assert (await get(application, "/page")).text == " /page"
    assert running_chats._running == [], "the site's own pages start nothing"
    answers = await asyncio.gather(*(get(application, "/chat/readyz") for _ in range(5)))
    assert [answer.json()["ready"] for answer in answers] == [True] * 5
    assert len(running_chats._running) == 1
    await application._chat._stop()
    answer = await get(application, "/chat/readyz")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


async def test_a_listed_page_of_another_origin_reads_that_the_chat_is_not_there(settings: Any) -> None:
    page = "https://app.shop.example"
    settings.BACKCHANNEL = {"CORS_ORIGINS": [page]}
    application = mount(site)
    assert (await get(application, "/chat/readyz")).status_code == 200
    await application._chat._stop()  # type: ignore[attr-defined]
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        asked = {"Origin": page, "Access-Control-Request-Method": "POST"}
        preflight = await client.options("/chat/api/sync", headers=asked)
        assert (preflight.status_code, preflight.headers["access-control-allow-origin"]) == (204, page)
        answer = await client.post("/chat/api/sync", headers={"Origin": page})
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (503, page)
        other = await client.post("/chat/api/sync", headers={"Origin": "https://evil.example"})
        assert (other.status_code, other.headers["vary"]) == (503, "Origin")
        assert "access-control-allow-origin" not in other.headers
        page_itself = await client.get("/chat/readyz", headers={"Origin": page})
        assert "access-control-allow-origin" not in page_itself.headers


async def test_a_start_that_failed_is_answered_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    from backchannel.chat import lifespan as parts
    from backchannel.store.read_pool import unavailable

    def away() -> None:
        raise unavailable()

    application = mount(site)
    with monkeypatch.context() as patch:
        patch.setattr(parts, "workspace", away)
        assert (await get(application, "/chat/readyz")).status_code == 503
    assert (await get(application, "/chat/readyz")).status_code == 200
    await application._chat._stop()  # type: ignore[attr-defined]


def test_a_client_with_a_new_event_loop_for_each_request_is_served() -> None:
    application = mount(site)
    for _ in range(3):
        assert asyncio.run(get(application, "/chat/readyz")).status_code == 200
    assert len(running_chats._running) == 1, "the chats of the loops that were closed are gone"
    application._chat._chat.abandon()  # type: ignore[attr-defined]


async def test_a_second_event_loop_at_the_same_time_is_refused() -> None:
    application = mount(site)
    async with lifespan(application):
        with pytest.raises(RuntimeError, match="another event loop"):
            await asyncio.to_thread(lambda: asyncio.run(get(application, "/chat/readyz")))


async def test_sigterm_drains_before_the_servers_own_handler_is_called() -> None:
    order: list[str] = []
    application = mount(site)
    assert isinstance(application, SiteWithChat)
    called = asyncio.Event()

    def servers_own(*_: object) -> None:
        order.append(f"draining: {application._chat._chat.node.draining}")  # type: ignore[union-attr]
        called.set()

    before = signal.signal(signal.SIGTERM, servers_own)
    try:
        async with lifespan(application):
            signal.raise_signal(signal.SIGTERM)
            await called.wait()
        assert signal.getsignal(signal.SIGTERM) is servers_own
    finally:
        signal.signal(signal.SIGTERM, before)
    assert order == ["draining: True"]


async def test_where_the_database_is_away_the_server_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    from backchannel.chat import lifespan as parts
    from backchannel.store.read_pool import unavailable

    def away() -> None:
        raise unavailable()

    monkeypatch.setattr(parts, "workspace", away)
    async with lifespan(mount(site)) as sent:
        assert sent[-1]["type"] == "lifespan.startup.failed"
        assert CommandError.__name__ in sent[-1]["message"]
