"""Where everything is put together, and the only place where it is.

    /ws, /api         Starlette: the two transports          /healthz /readyz /metrics   ops
    /static           files                                  everything else             Django

A site of one's own has the chat by `Chat(its_django_application)`; the standalone app is `application` below.
"""

import asyncio
import os
import random
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, cast

import django
from django.apps import apps
from django.conf import settings as django_settings
from django.core.asgi import get_asgi_application
from starlette.applications import Starlette
from starlette.routing import Mount, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backchannel.site.settings")
if not apps.ready:
    django.setup()

from backchannel import __version__
from backchannel.accounts import authenticate as accounts
from backchannel.accounts import lookup, revocation, token_uses, writing
from backchannel.accounts.identity import Ended
from backchannel.commands.context import Context
from backchannel.commands.publish import publisher
from backchannel.fanout import facts
from backchannel.fanout.bus import Bus
from backchannel.fanout.facts import EndedFact, PresenceFact
from backchannel.fanout.hub import Hub
from backchannel.fanout.memory import MemoryBus
from backchannel.fanout.presence import Presence, Sight
from backchannel.ops.health import health_routes
from backchannel.ops.lag import sample_lag
from backchannel.protocol import codec
from backchannel.protocol.errors import CloseCode, CommandError
from backchannel.protocol.frames import GoingAway
from backchannel.protocol.shapes import Limits
from backchannel.queries.events import missing_facts
from backchannel.store import hop, reads
from backchannel.store.hop import in_thread
from backchannel.store.log import Log
from backchannel.transports.admission import AT_ONCE, WAITING, Admission
from backchannel.transports.http.routes import Api, not_found
from backchannel.transports.identity import IssueTicket
from backchannel.transports.node import Node
from backchannel.transports.rates import Rates
from backchannel.transports.rounds import Rounds
from backchannel.transports.session import Settings
from backchannel.transports.websocket.endpoint import WebSocketEndpoint
from backchannel.web.files import StaticFiles

RETURN_WITHIN_MS: Final = 5000
"""Clients of a restarting node come back at random within this."""
COMMITTED_WITHIN_S: Final = 3.0
"""How long a restarting node waits for what is being committed before it closes sockets."""
SLICE: Final = 100
SLICES: Final = 20
SLICE_PAUSE_S: Final = 0.1
"""A restarting node closes at least SLICE sockets at a time, all of them in at most SLICES slices."""


class Chat:
    """The chat around a Django application: an ASGI application with a lifespan."""

    def __init__(
        self,
        django_application: ASGIApp,
        *,
        bus: Bus | None = None,
        limits: Limits | None = None,
        heartbeat_s: int = 30,
        admission: Admission | None = None,
    ) -> None:
        limits = limits or Limits()
        bus = bus or MemoryBus()
        self.log = Log(publisher(bus))
        self.hub = Hub(
            bus,
            missing_facts,
            self._credentials_ended,
            self._seen,
            self._bus_reconnected,
            time.monotonic,
            lambda: not self.log.is_idle,
        )
        presence = Presence(uuid.uuid4().hex[:12])
        self.node = Node(
            context=Context(self.log, bus, presence, time.monotonic, limits),
            hub=self.hub,
            presence=presence,
            authenticate=accounts.authenticate,
            issue_ticket=cast("IssueTicket", accounts.issue_ticket),
            settings=Settings(limits, heartbeat_s, __version__),
            rates=Rates(limits),
            admission=admission or Admission(),
            recall=accounts.recall,
        )
        self.rounds = Rounds(self.node, lookup.dead_among, token_uses.write)
        self._bus = bus
        self._tasks: set[asyncio.Task[Any]] = set()
        self._api = Api(self.node)
        self.direct = self._api.direct
        self._websocket = WebSocketEndpoint(self.node)
        self._starlette = Starlette(
            routes=[
                WebSocketRoute("/ws", self._websocket),
                *self._api.routes,
                *health_routes({"database": _database_answers, "bus": bus.check}, lambda: self.node.draining),
                Mount("/static", _below_static(StaticFiles())),
                Mount("/", django_application),
            ],
            lifespan=self._lifespan,
            exception_handlers={404: not_found},
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (self._shortcut(scope) or self._starlette)(scope, receive, send)

    def _shortcut(self, scope: Scope) -> ASGIApp | None:
        """What the router would come to, for that which comes most; None for everything else."""
        if scope["type"] == "websocket" and scope["path"] == "/ws" and not scope.get("root_path"):
            return self._websocket
        return self._api.shortcut(scope)

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        await self.hub.start()
        self.log.start(loop)
        await self.rounds.note_epoch()
        self.rounds.start()
        lag = loop.create_task(sample_lag(loop.time))
        writing.use(self.log.submit)
        deaf = revocation.listen(lambda ended: _call(loop, self._announce, ended))
        try:
            yield
        finally:
            deaf()
            writing.use(None)
            lag.cancel()
            await self.rounds.stop()
            await asyncio.to_thread(self.log.stop)
            await self.hub.stop()
            hop.close_connections()

    async def drain(self) -> None:
        """Say good-bye: nobody new is let in, polls are answered, sockets are told when to come back and closed in slices,
        what is queued is committed and acked. Takes about two seconds with thousands of sockets, no time with few."""
        self.node.draining = True
        for subscriber in list(self.hub.subscribers):
            slot = random.randrange(RETURN_WITHIN_MS)  # noqa: S311
            subscriber.say(codec.encode(GoingAway(slot)))
        # What takes longer was not acked: its sender asks again, by the same id.
        with suppress(CommandError, TimeoutError):
            async with asyncio.timeout(COMMITTED_WITHIN_S):
                await self.log.settle()
        sockets = [subscriber for subscriber in self.hub.subscribers if subscriber.is_socket]
        size = max(SLICE, len(sockets) // SLICES + 1)
        for start in range(0, len(sockets), size):
            for subscriber in sockets[start : start + size]:
                subscriber.end(CloseCode.RESTART, "restart")
            await asyncio.sleep(SLICE_PAUSE_S)

    def _announce(self, ended: Ended) -> None:
        fact = EndedFact(credential=ended.credential, user_id=ended.user_id)
        self._bus.publish(facts.EVERYBODY, facts.encode(fact))

    def _bus_reconnected(self) -> None:
        """Something may have been missed while it was away: look now, not at the next round."""
        self._spawn(self.rounds.reconcile_now())

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _seen(self, fact: PresenceFact) -> None:
        sight = Sight(fact.user_id, fact.state, fact.rooms)
        self.node.shown.add(self.node.presence.hear(fact.node, sight, self.node.context.clock()))

    def _credentials_ended(self, fact: EndedFact) -> None:
        """Heard from this node or another."""
        accounts.forget(Ended(credential=fact.credential, user_id=fact.user_id))
        if fact.credential is not None:
            self.hub.end_credentials({fact.credential})
        if fact.user_id is not None:
            self._spawn(self.rounds.revalidate(self.hub.subscribers_of(fact.user_id)))


def _call(loop: asyncio.AbstractEventLoop, function: Callable[[Ended], None], ended: Ended) -> None:
    with suppress(RuntimeError):  # the loop is closed: nobody is left to be told
        loop.call_soon_threadsafe(function, ended)


async def _database_answers() -> None:
    await in_thread(reads.heads_of, [0])


def _below_static(files: StaticFiles) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """The files look at the whole path, which a Starlette mount keeps in `path` and notes as `root_path`."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        await files({**scope, "root_path": ""}, receive, send)

    return serve


def bus_from(urls: tuple[str, ...]) -> Bus:
    """Redis where servers are named, else the bus of a single process."""
    if not urls:
        return MemoryBus()
    from backchannel.fanout.redis import RedisBus

    return RedisBus(urls)


_settings: Final[dict[str, Any]] = getattr(django_settings, "BACKCHANNEL", {})
chat: Final = Chat(
    cast("ASGIApp", get_asgi_application()),
    bus=bus_from(tuple(_settings.get("REDIS_URLS", ()))),
    limits=Limits(**_settings.get("LIMITS", {})),
    heartbeat_s=_settings.get("HEARTBEAT_S", 30),
    admission=Admission(_settings.get("ARRIVALS_AT_ONCE", AT_ONCE), _settings.get("ARRIVALS_WAITING", WAITING)),
)
application: Final = chat
drain: Final = chat.drain
direct: Final = chat.direct
