"""`Chat`: the chat as an ASGI application."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from backchannel.chat.draining import COMMITTED_WITHIN_S, drain
from backchannel.chat.lifespan import Parts, start
from backchannel.chat.routes import all_routes
from backchannel.ops.health import MetricsAccess
from backchannel.transports.http.router import Methods
from backchannel.transports.http.routes import Api, broke, not_found
from backchannel.transports.websocket.endpoint import WebSocketEndpoint
from backchannel.web.cors import Cors
from backchannel.web.edge import Edge, security_headers


class Chat:
    """Made by `create`. Runs from the start to the end of its lifespan, or from `start()` until what that returns is closed."""

    def __init__(
        self,
        parts: Parts,
        pages: ASGIApp | None,
        cors_origins: Sequence[str],
        metrics: MetricsAccess | None,
        fleet: Mapping[str, Methods],
    ) -> None:
        self._parts = parts
        self.node = parts.node
        self.hub = parts.node.hub
        self.log = parts.node.context.log
        self.maintenance = parts.maintenance
        self.watch = parts.watch
        self.evidence = parts.evidence
        self._starlette = Starlette(
            routes=all_routes(parts, WebSocketEndpoint(self.node), pages, metrics),
            lifespan=lambda _: self._running(),
            exception_handlers={404: not_found, Exception: broke},
        )
        self._edge = Edge(
            self._starlette,
            Api(self.node, fleet),
            self.node,
            security_headers(),
            Cors(cors_origins),
            has_pages=pages is not None,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._starlette(scope, receive, send)
        else:
            await self._edge(scope, receive, send)

    async def start(self) -> AsyncExitStack:
        """Start the parts; closing what is returned stops them. Raises CommandError 503, with nothing started, if the database does not
        answer."""
        return await start(self._parts)

    @asynccontextmanager
    async def _running(self) -> AsyncIterator[None]:
        async with await self.start():
            yield

    async def drain(self, committed_within_s: float = COMMITTED_WITHIN_S) -> None:
        """Say goodbye to all clients before the server stops (draining.py). A second call finds nobody to say it to."""
        await drain(self.node, committed_within_s)

    def abandon(self) -> None:
        """Stop the threads of a chat whose event loop was closed while it ran, as by a test client. Waits for the queue to be committed."""
        self._parts.abandon()
