"""Requests to Django are limited: so many threads, a short queue, and 503 when it is full."""

import asyncio
import json
from collections.abc import MutableMapping
from typing import Any

from backchannel.transports.http.bodies import PAGE_BODY_BYTES, BodyLimit
from backchannel.web import django_turns
from backchannel.web.django_turns import DjangoTurns

LOGIN = "/_allauth/browser/v1/auth/login"


class Site:
    """A stand-in for Django that answers when the test lets it."""

    def __init__(self) -> None:
        self.may_answer = asyncio.Event()
        self.inside = 0
        self.most = 0
        self.bodies: list[bytes] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.inside += 1
        self.most = max(self.most, self.inside)
        self.bodies.append((await receive())["body"])
        await self.may_answer.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"yes"})
        self.inside -= 1


class Request:
    def __init__(
        self, app: DjangoTurns | BodyLimit, path: str, address: str = "203.0.113.9", pieces: tuple[bytes, ...] = (b"",)
    ) -> None:
        self.sent: list[MutableMapping[str, Any]] = []
        self._coming: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue()
        self._left = len(pieces)
        for piece in pieces:
            self.bring(piece)
        method = "POST" if path != "/" else "GET"
        scope = {"type": "http", "method": method, "path": path, "client": (address, 1), "headers": []}
        self.task = asyncio.ensure_future(app(scope, self._coming.get, self._send))

    def bring(self, piece: bytes) -> None:
        self._left -= 1
        self._coming.put_nowait({"type": "http.request", "body": piece, "more_body": self._left > 0})

    async def _send(self, message: MutableMapping[str, Any]) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int | None:
        return self.sent[0]["status"] if self.sent else None


async def run_until_idle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def finish(site: Site, requests: list[Request]) -> None:
    site.may_answer.set()
    await asyncio.gather(*(request.task for request in requests))


async def test_a_flood_of_sign_ins_is_limited_to_few_turns_and_a_short_queue() -> None:
    site = Site()
    app = DjangoTurns(site)
    flood = [Request(app, LOGIN, f"10.0.{n % 250}.1") for n in range(300)]
    await run_until_idle()
    places = django_turns.PASSWORDS_AT_ONCE + django_turns.PASSWORDS_WAITING
    refused = [request for request in flood if request.status == 503]
    assert len(refused) == 300 - places
    for request in refused:
        headers = dict(request.sent[0]["headers"])
        assert int(headers[b"retry-after"]) >= 1
        assert json.loads(request.sent[1]["body"])["code"] == "overloaded"
    await finish(site, flood)
    assert site.most == django_turns.PASSWORDS_AT_ONCE
    assert [request.status for request in flood].count(200) == places


async def test_a_flood_of_sign_ins_does_not_delay_pages() -> None:
    site = Site()
    app = DjangoTurns(site)
    flood = [Request(app, LOGIN, f"10.0.{n % 250}.1") for n in range(300)]
    await run_until_idle()
    before = site.inside
    page = Request(app, "/")
    await run_until_idle()
    assert site.inside == before + 1
    await finish(site, [*flood, page])
    assert page.status == 200


async def test_one_network_cannot_fill_the_whole_queue() -> None:
    site = Site()
    app = DjangoTurns(site)
    flood = [Request(app, LOGIN, f"203.0.113.{n % 250}") for n in range(300)]
    await run_until_idle()
    other = Request(app, LOGIN, "198.51.100.1")
    await run_until_idle()
    assert other.status is None
    await finish(site, [*flood, other])
    assert other.status == 200


async def test_pages_take_turns_too() -> None:
    site = Site()
    app = DjangoTurns(site)
    crowd = [Request(app, "/", f"10.0.{n % 250}.1") for n in range(django_turns.AT_ONCE + django_turns.WAITING + 10)]
    await run_until_idle()
    assert [request.status for request in crowd].count(503) == 10
    await finish(site, crowd)
    assert site.most == django_turns.AT_ONCE


async def test_a_slow_body_holds_no_turn_and_arrives_whole() -> None:
    site = Site()
    app = DjangoTurns(site)
    slow = []
    for n in range(50):
        request = Request(app, LOGIN, f"10.0.{n}.1", pieces=())
        request._left = 2
        request.bring(b"a")
        slow.append(request)
    await run_until_idle()
    assert site.inside == 0
    quick = Request(app, LOGIN, pieces=(b"q",))
    await run_until_idle()
    assert site.bodies == [b"q"]
    slow[0].bring(b"b")
    await finish(site, [quick, slow[0]])
    assert site.bodies == [b"q", b"ab"]
    for request in slow[1:]:
        request._coming.put_nowait({"type": "http.disconnect"})
    await asyncio.gather(*(request.task for request in slow))
    assert len(site.bodies) == 2


async def test_a_body_that_is_too_large_never_reaches_django() -> None:
    site = Site()
    large = Request(BodyLimit(DjangoTurns(site)), "/account/profile", pieces=(b"x" * PAGE_BODY_BYTES, b"x"))
    await large.task
    assert (large.status, site.bodies) == (413, [])
