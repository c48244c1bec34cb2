"""Which address goes where.

/ws, /api         the two transports            /healthz /readyz /metrics   ops
everything else   the pages of the standalone server; in another Django site nothing
"""

from starlette.routing import BaseRoute, Mount, WebSocketRoute
from starlette.types import ASGIApp

from backchannel.chat.lifespan import Parts
from backchannel.ops.health import MetricsAccess, Unhealthy, health_routes
from backchannel.store import reads


def all_routes(
    parts: Parts, websocket: ASGIApp, pages: ASGIApp | None, metrics: MetricsAccess | None
) -> list[BaseRoute]:
    """The routes of everything but the API, whose addresses `Edge` finds itself. `metrics`: who may read them; None: there is no such address."""
    node = parts.node

    async def database_answers() -> None:
        await node.context.reads.run(reads.heads_of, [0])

    async def disk_has_room() -> None:
        if node.context.log.disk.is_full:
            raise Unhealthy("full")

    async def nodes_are_connected() -> None:
        if not parts.serving_lock.is_alone:
            raise Unhealthy("several without Redis")

    health = health_routes(
        {"database": database_answers, "disk": disk_has_room},
        lambda: node.draining,
        {"bus": parts.bus.check, "nodes": nodes_are_connected},
        parts.workers,
        metrics,
    )
    routes: list[BaseRoute] = [WebSocketRoute("/ws", websocket), *health]
    return routes if pages is None else [*routes, Mount("/", pages)]
