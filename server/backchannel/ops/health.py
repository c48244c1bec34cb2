"""`/healthz`, `/readyz`, `/metrics`. Open to whoever reaches the port: they tell no names and no messages."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import prometheus_client
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from backchannel.ops.workers import Workers

# When a counter was made is no figure of its own; without this there would be one of it beside each.
prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]

CHECK_WITHIN_S: Final = 2.0

Check = Callable[[], Awaitable[None]]
"""Returns where the thing is well; raises where it is not: `Ill` with what is told of it."""


class Ill(Exception):
    """`str(error)`: one or two words for /readyz."""


def health_routes(
    checks: Mapping[str, Check],
    is_draining: Callable[[], bool],
    degrading: Mapping[str, Check] | None = None,
    workers: Workers | None = None,
) -> list[Route]:
    """`checks`: what has to be well before this node may be sent anybody, by name. `degrading`: what is told beside it, and keeps
    nobody out: a bus that is away makes messages late, a node that is taken out loses its people. `workers`: of whom this process is
    one."""
    everything = {**checks, **(degrading or {})}

    async def readyz(_: Request) -> Response:
        found = await asyncio.gather(*(answers(check) for check in everything.values()))
        told = dict(zip(everything, found, strict=True))
        if is_draining():
            told["server"] = "draining"
        ready = not is_draining() and all(told[name] == "ok" for name in checks)
        return JSONResponse({"ready": ready, **told}, 200 if ready else 503, {"Cache-Control": "no-store"})

    async def metrics(_: Request) -> Response:
        text = exposition() if workers is None else await workers.exposition()
        return Response(text, media_type=prometheus_client.CONTENT_TYPE_LATEST)

    return [Route("/healthz", _healthz), Route("/readyz", readyz), Route("/metrics", metrics)]


async def answers(check: Check) -> str:
    """ "ok", or what is told in its place."""
    try:
        async with asyncio.timeout(CHECK_WITHIN_S):
            await check()
    except Ill as ill:
        return str(ill)
    except Exception:
        return "does not answer"
    return "ok"


async def _healthz(_: Request) -> Response:
    return JSONResponse({"up": True}, headers={"Cache-Control": "no-store"})


def exposition() -> str:
    """This process's figures."""
    return prometheus_client.generate_latest().decode()
