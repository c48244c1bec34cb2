"""Where everything is put together, and the only place where it is.

    /ws, /api         Starlette: the two transports          /healthz /readyz /metrics   ops
    /static           files (the standalone server's)        everything else             Django

A site of one's own has the chat by `Chat(its_django_application)`, which reads `settings.BACKCHANNEL`. There the chat takes its own
addresses alone: `/static`, the rest of `/api` and the size of uploads are the site's. Importing this
module builds nothing; the standalone app is made by `standalone()`.
"""

import asyncio
import random
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final, cast

import django
from django.apps import apps
from django.conf import settings as django_settings
from django.core.asgi import get_asgi_application
from django.core.exceptions import ImproperlyConfigured
from starlette.applications import Starlette
from starlette.routing import Mount, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

if not apps.ready:
    django.setup()
if not apps.is_installed("backchannel.store") or not apps.is_installed("backchannel.accounts"):
    # Else the models, which the rest imports, would fail with words of their own.
    from backchannel.store.checks import require_apps

    require_apps()

from backchannel import __version__
from backchannel.accounts import authenticate as accounts
from backchannel.accounts import credential_uses, lookup, revocation, sweeping, writing
from backchannel.accounts.identity import Ended
from backchannel.commands.context import Context
from backchannel.commands.delivery import Delivery
from backchannel.commands.publish import publisher
from backchannel.config import ChatConfig, ConfigError, read_config
from backchannel.fanout import envelopes
from backchannel.fanout.bus import Bus
from backchannel.fanout.envelopes import PresenceEnvelope, RevocationEnvelope
from backchannel.fanout.hub import Hub
from backchannel.fanout.memory import MemoryBus
from backchannel.fanout.presence import Presence, PresenceReport
from backchannel.followers import FOLLOWERS
from backchannel.followers.runner import FollowerRunner
from backchannel.ops.health import Ill, exposition, health_routes
from backchannel.ops.lag import sample_lag
from backchannel.ops.watch import Watch
from backchannel.ops.workers import Workers
from backchannel.protocol import codec
from backchannel.protocol.errors import CloseCode, CommandError
from backchannel.protocol.frames import GoingAway
from backchannel.protocol.shapes import Limits
from backchannel.queries.events import missing_events
from backchannel.store import read_pool, reads
from backchannel.store.log import Log
from backchannel.store.read_pool import run_read
from backchannel.store.serving_lock import ServingLock
from backchannel.store.transaction import Outcome
from backchannel.store.workspace import workspace
from backchannel.transports.http.bodies import BodyLimit
from backchannel.transports.http.routes import Api, broke, not_found
from backchannel.transports.identity import IssueTicket
from backchannel.transports.maintenance import PeriodicTasks
from backchannel.transports.node import Node
from backchannel.transports.rates import Rates
from backchannel.transports.reconnect_limiter import AT_ONCE, WAITING, ReconnectLimiter
from backchannel.transports.session import Settings
from backchannel.transports.websocket.endpoint import WebSocketEndpoint
from backchannel.web.django_turns import DjangoTurns
from backchannel.web.edge import Edge, security_headers
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
    """The chat around a Django application: an ASGI application with a lifespan.

    What is not given is taken from `settings.BACKCHANNEL`. A server that speaks no lifespan (Daphne, `runserver`) starts the chat
    with its first request. Raises `ImproperlyConfigured` where the chat could not work, with what to write instead.
    """

    def __init__(
        self,
        django_application: ASGIApp,
        *,
        bus: Bus | None = None,
        limits: Limits | None = None,
        heartbeat_s: int | None = None,
        admission: ReconnectLimiter | None = None,
        workers: Workers | None = None,
    ) -> None:
        config = _configured()
        limits = limits or config.limits
        bus = bus or bus_from(config.redis_urls)
        self.hub = Hub(
            bus,
            missing_events,
            self._credentials_ended,
            self._seen,
            self._bus_reconnected,
            time.monotonic,
        )
        self._followers: list[FollowerRunner] = []
        self.log = Log(Delivery(publisher(bus), self.hub.flush, [self._notice]))
        presence = Presence(uuid.uuid4().hex[:12])
        self._followers += [FollowerRunner(follower, self.log, presence.node) for follower in FOLLOWERS]
        self.node = Node(
            context=Context(self.log, bus, presence, time.monotonic, limits),
            hub=self.hub,
            presence=presence,
            authenticate=accounts.authenticate,
            issue_ticket=cast("IssueTicket", accounts.issue_ticket),
            settings=Settings(limits, heartbeat_s or config.heartbeat_s, __version__),
            rates=Rates(limits),
            admission=admission
            or ReconnectLimiter(config.arrivals_at_once or AT_ONCE, config.arrivals_waiting or WAITING),
            recall=accounts.recall,
        )
        self.maintenance = PeriodicTasks(self.node, lookup.dead_among, credential_uses.write, sweeping.sweep)
        self.watch = Watch(self.log.disk, bus.check, self.log.check_writable)
        self._workers = workers
        self._bus = bus
        self._tasks: set[asyncio.Task[Any]] = set()
        self._is_running = False
        self._starting: asyncio.Future[None] | None = None
        """A start without a lifespan that is under way; whoever comes meanwhile waits for it."""
        self._without_lifespan: AbstractAsyncContextManager[None] | None = None
        """Kept, since a generator that is collected runs to its end."""
        headers = security_headers()
        self._api = Api(self.node, headers)
        self.direct = self._api.direct
        self._websocket = WebSocketEndpoint(self.node)
        own_routes = [
            *self._api.routes,
            *health_routes(
                {"database": _database_answers, "disk": self._has_room},
                lambda: self.node.draining,
                {"bus": bus.check},
                workers,
            ),
        ]
        is_standalone = apps.is_installed("backchannel.site")
        if is_standalone:
            rest = [
                self._api.rest,
                Mount("/static", _below_static(StaticFiles())),
                Mount("/", BodyLimit(django_application)),
            ]
        else:
            rest = [Mount("/", django_application)]
        self._starlette = Starlette(
            routes=[WebSocketRoute("/ws", self._websocket), *own_routes, *rest],
            lifespan=self._lifespan,
            exception_handlers={404: not_found, Exception: broke},
        )
        self._edge = Edge(self._starlette, django_application, None if is_standalone else own_routes, headers)
        self._prefix = (django_settings.FORCE_SCRIPT_NAME or "").rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._starlette(scope, receive, send)
            return
        if not self._is_running:
            await self._start_without_lifespan()
        if self._prefix and not scope.get("root_path") and scope["path"].startswith(f"{self._prefix}/"):
            scope = {**scope, "root_path": self._prefix}  # a proxy that left it there, as Django allows
        endpoint = self._shortcut(scope)
        if endpoint is None:
            await self._edge(scope, receive, send)
        else:
            await endpoint(scope, receive, self._edge.with_headers(send))

    def _shortcut(self, scope: Scope) -> ASGIApp | None:
        """What the router would come to, for that which comes most; None for everything else."""
        if scope["type"] == "websocket" and scope["path"] == "/ws" and not scope.get("root_path"):
            return self._websocket
        return self._api.shortcut(scope)

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        await run_read(workspace)  # a restore or a flush of the tables may have taken the row
        await self.hub.start()
        self.log.start(loop)
        serving = ServingLock(has_bus=not isinstance(self._bus, MemoryBus))
        serving.start()
        await self.maintenance.note_epoch()
        self.maintenance.start()
        if self._workers is not None:
            await self._workers.start()
        followers = [loop.create_task(runner.run()) for runner in self._followers]
        watching = [loop.create_task(sample_lag(loop.time)), loop.create_task(self.watch.run())]
        writing.use(self.log.submit)
        deaf = revocation.listen(lambda ended: _call(loop, self._announce, ended))
        self._is_running = True
        try:
            yield
        finally:
            self._is_running = False
            deaf()
            writing.use(None)
            for task in watching:
                task.cancel()
            if self._workers is not None:
                await self._workers.stop()
            await self.maintenance.stop()
            for task in followers:
                task.cancel()
            await asyncio.gather(*followers, return_exceptions=True)
            await asyncio.to_thread(self.log.stop)
            await self.hub.stop()
            await asyncio.to_thread(serving.stop)
            read_pool.close_connections()

    async def _start_without_lifespan(self) -> None:
        """Once for all who come meanwhile. If it fails, they get its error, and the next request tries again.

        Nothing tells such a server's end: the process ends with what is acked on disk, as after a crash.
        """
        if self._starting is None:
            self._without_lifespan = self._lifespan(self._starlette)
            self._starting = asyncio.ensure_future(self._without_lifespan.__aenter__())
            self._starting.add_done_callback(self._started)
        await asyncio.shield(self._starting)

    def _started(self, _: asyncio.Future[None]) -> None:
        self._starting = None

    def _notice(self, outcomes: Sequence[Outcome]) -> None:
        for runner in self._followers:
            runner.notice(outcomes)

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
                await self.log.wait_committed()
        sockets = [subscriber for subscriber in self.hub.subscribers if subscriber.is_socket]
        size = max(SLICE, len(sockets) // SLICES + 1)
        for start in range(0, len(sockets), size):
            for subscriber in sockets[start : start + size]:
                subscriber.end(CloseCode.RESTART, "restart")
            await asyncio.sleep(SLICE_PAUSE_S)

    async def _has_room(self) -> None:
        if self.log.disk.is_full:
            raise Ill("full")

    def _announce(self, ended: Ended) -> None:
        envelope = RevocationEnvelope(credential=ended.credential, user_id=ended.user_id)
        self._bus.publish(envelopes.EVERYBODY, envelopes.encode(envelope))

    def _bus_reconnected(self) -> None:
        """Something may have been missed while it was away: look now, not at the next round."""
        self._spawn(self.maintenance.reconcile_now())

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _seen(self, envelope: PresenceEnvelope) -> None:
        report = PresenceReport(envelope.user_id, envelope.state, envelope.rooms)
        if envelope.node != self.node.presence.node:
            self.node.shown.note_elsewhere(report)
        self.node.shown.add(self.node.presence.hear(envelope.node, report, self.node.context.clock()))

    def _credentials_ended(self, envelope: RevocationEnvelope) -> None:
        """Heard from this node or another."""
        accounts.forget(Ended(credential=envelope.credential, user_id=envelope.user_id))
        if envelope.credential is not None:
            self.hub.end_credentials({envelope.credential})
        if envelope.user_id is not None:
            self._spawn(self.maintenance.revalidate(self.hub.subscribers_of(envelope.user_id)))


def _call(loop: asyncio.AbstractEventLoop, function: Callable[[Ended], None], ended: Ended) -> None:
    with suppress(RuntimeError):  # the loop is closed: nobody is left to be told
        loop.call_soon_threadsafe(function, ended)


async def _database_answers() -> None:
    await run_read(reads.heads_of, [0])


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


def _configured() -> ChatConfig:
    try:
        return read_config(getattr(django_settings, "BACKCHANNEL", {}))
    except ConfigError as error:
        raise ImproperlyConfigured(str(error)) from None


def standalone(workers: tuple[Path, int] | None = None) -> Chat:
    """The chat around the standalone app's own pages. `workers`: of several, the folder between them and this one's number."""
    between = None if workers is None else Workers(*workers, exposition)
    return Chat(DjangoTurns(cast("ASGIApp", get_asgi_application())), workers=between)
