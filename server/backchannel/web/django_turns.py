"""Limits concurrent requests to Django: each takes a thread, and one that hashes a password also a processor and 64 MiB.

    request ─▶ its body is read ─▶ turn ─▶ Django, in a thread ─▶ end of turn ─▶ its answer is written
                                    └─ queue full: 503 with Retry-After, without a thread

A client that is slow to send or to read holds no turn meanwhile. Requests that may hash a password have their own turns and queue, so that a
flood of sign-ins does not keep people from opening the app, and a single network may fill no more than half of that queue.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import prometheus_client
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backchannel.accounts import auth_log
from backchannel.accounts.addresses import network_of
from backchannel.protocol.errors import Code, CommandError
from backchannel.transports.problems import problem

AT_ONCE: Final = 8
WAITING: Final = 256
PASSWORDS_AT_ONCE: Final = max(1, min(4, (os.cpu_count() or 1) // 2))
"""Half of the processors are reserved for connected clients."""
PASSWORDS_WAITING: Final = 32
PASSWORDS_WAITING_OF_A_NETWORK: Final = 16
AGAIN_S: Final = (1.0, 4.0)

_HASHES: Final = ("/_allauth/", "/account/setup")

_turned_away: Final = prometheus_client.Counter(
    "backchannel_requests_turned_away", "Requests to Django answered 503 because the queue was full.", ["kind"]
)


class Turns:
    """`at_once` run at a time; `waiting` more may queue, at most `of_a_network` of them from one network."""

    def __init__(self, kind: str, at_once: int, waiting: int, of_a_network: int) -> None:
        self._kind = kind
        self._free = asyncio.Semaphore(at_once)
        self._at_most = waiting
        self._of_a_network = of_a_network
        self._waiting: Counter[str] = Counter()

    @asynccontextmanager
    async def turn(self, network: str) -> AsyncIterator[None]:
        """Raises `CommandError` 503."""
        if self._free.locked() and (
            self._waiting.total() >= self._at_most or self._waiting[network] >= self._of_a_network
        ):
            _turned_away.labels(self._kind).inc()
            again_s = round(random.uniform(*AGAIN_S))  # noqa: S311
            raise CommandError(Code.OVERLOADED, f"Server overloaded. Retry in {again_s} s.", retry_after=again_s)
        self._waiting[network] += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting[network] -= 1
            if not self._waiting[network]:
                del self._waiting[network]
        try:
            yield
        finally:
            self._free.release()


class DjangoTurns:
    """ASGI middleware around Django's application. The server limits the size of bodies (`transports/http/bodies.py`)."""

    def __init__(self, django: ASGIApp) -> None:
        self._django = django
        self._pages = Turns("page", AT_ONCE, WAITING, WAITING // 2)
        self._passwords = Turns("password", PASSWORDS_AT_ONCE, PASSWORDS_WAITING, PASSWORDS_WAITING_OF_A_NETWORK)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._django(scope, receive, send)
            return
        body = await _read(receive)
        if body is None:
            return
        hashes = scope["method"] == "POST" and scope["path"].startswith(_HASHES)
        turns = self._passwords if hashes else self._pages
        answer: list[Message] = []
        try:
            async with turns.turn(network_of(auth_log.address_of(scope))):
                await self._django(scope, _with_body(body, receive), _keep(answer))
        except CommandError as refusal:
            await problem(refusal)(scope, receive, send)
            return
        for message in answer:
            await send(message)


async def _read(receive: Receive) -> bytes | None:
    """The whole body; None if the client disconnected."""
    pieces: list[bytes] = []
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        pieces.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(pieces)


def _with_body(body: bytes, receive: Receive) -> Receive:
    is_read = False

    async def read() -> Any:
        nonlocal is_read
        if is_read:
            return await receive()
        is_read = True
        return {"type": "http.request", "body": body, "more_body": False}

    return read


def _keep(answer: list[Message]) -> Send:
    async def keep(message: Message) -> None:
        answer.append(message)

    return keep
