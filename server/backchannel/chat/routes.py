"""Which address goes where.

    /ws, /api         the two transports            /healthz /readyz /metrics   ops
    /static           files (of a whole server)     everything else             Django

In another Django site the chat answers at its own addresses alone: `/static`, the rest of `/api` and the size of uploads are the
site's.
"""

from collections.abc import Awaitable, Callable

from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from backchannel.chat.lifespan import Parts
from backchannel.ops.health import Unhealthy, health_routes
from backchannel.store import reads
from backchannel.transports.http.bodies import BodyLimit
from backchannel.web.files import StaticFiles


def health_of(parts: Parts) -> list[Route]:
    node = parts.node

    async def database_answers() -> None:
        await node.context.reads.run(reads.heads_of, [0])

    async def disk_has_room() -> None:
        if node.context.log.disk.is_full:
            raise Unhealthy("full")

    checks = {"database": database_answers, "disk": disk_has_room}
    return health_routes(checks, lambda: node.draining, {"bus": parts.bus.check}, parts.workers)


def all_routes(
    health: list[Route], websocket: ASGIApp, django_application: ASGIApp, *, whole_server: bool
) -> list[BaseRoute]:
    """Of everything but the API, whose addresses `Edge` finds itself. `whole_server`: Django has only the standalone server's pages; else it is a site with addresses of its own."""
    chat: list[BaseRoute] = [WebSocketRoute("/ws", websocket), *health]
    if whole_server:
        return [
            *chat,
            Mount("/static", _below_static(StaticFiles())),
            Mount("/", BodyLimit(django_application)),
        ]
    return [*chat, Mount("/", django_application)]


def _below_static(files: StaticFiles) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """A mount leaves the whole path in `path` and sets `root_path`; the files read the path without it."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        await files({**scope, "root_path": ""}, receive, send)

    return serve
