"""`Chat`: the ASGI application around a Django application."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from django.conf import settings
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from backchannel.chat.draining import COMMITTED_WITHIN_S, drain
from backchannel.chat.lifespan import Parts, serving
from backchannel.chat.routes import all_routes, health_of
from backchannel.transports.http.routes import Api, broke, not_found
from backchannel.transports.websocket.endpoint import WebSocketEndpoint
from backchannel.web.edge import Edge, security_headers


class Chat:
    """Made by `create_chat`. Starts with the lifespan, or, on a server without one (Daphne, `runserver`), with the first request."""

    def __init__(self, parts: Parts, django_application: ASGIApp, *, whole_server: bool) -> None:
        self._parts = parts
        self.node = parts.node
        self.hub = parts.node.hub
        self.log = parts.node.context.log
        self.maintenance = parts.maintenance
        self.watch = parts.watch
        self._is_running = False
        self._starting: asyncio.Future[None] | None = None
        """A start without a lifespan that is under way; requests that arrive meanwhile wait for it."""
        self._without_lifespan: AbstractAsyncContextManager[None] | None = None
        """Kept, since a generator that is collected runs to its end."""
        headers = security_headers()
        api = Api(self.node)
        health = health_of(parts)
        websocket = WebSocketEndpoint(self.node)
        self._starlette = Starlette(
            routes=all_routes(health, websocket, django_application, whole_server=whole_server),
            lifespan=lambda _: self._run(),
            exception_handlers={404: not_found, Exception: broke},
        )
        self._edge = Edge(self._starlette, api, django_application, None if whole_server else health, headers)
        self._prefix = (settings.FORCE_SCRIPT_NAME or "").rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._starlette(scope, receive, send)
            return
        if not self._is_running:
            await self._start_without_lifespan()
        if self._prefix and not scope.get("root_path") and scope["path"].startswith(f"{self._prefix}/"):
            scope = {**scope, "root_path": self._prefix}  # a proxy did not remove it, as Django allows
        await self._edge(scope, receive, send)

    async def drain(self, committed_within_s: float = COMMITTED_WITHIN_S) -> None:
        """Say goodbye to all clients before the server stops (draining.py)."""
        await drain(self.node, committed_within_s)

    @asynccontextmanager
    async def _run(self) -> AsyncIterator[None]:
        async with serving(self._parts):
            self._is_running = True
            try:
                yield
            finally:
                self._is_running = False

    async def _start_without_lifespan(self) -> None:
        """Once for all requests that arrive meanwhile. If it fails, they get its error, and the next request tries again.

        Such a server does not announce its end: the process ends with everything acked on disk, as after a crash.
        """
        if self._starting is None:
            self._without_lifespan = self._run()
            self._starting = asyncio.ensure_future(self._without_lifespan.__aenter__())
            self._starting.add_done_callback(self._started)
        await asyncio.shield(self._starting)

    def _started(self, _: asyncio.Future[None]) -> None:
        self._starting = None
