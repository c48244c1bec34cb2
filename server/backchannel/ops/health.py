"""`/healthz`, `/readyz`, `/metrics`. Open to whoever reaches the port: they tell no names and no messages."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import prometheus_client
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

CHECK_WITHIN_S: Final = 2.0

Check = Callable[[], Awaitable[None]]
"""Returns where the thing is well; raises where it is not."""


def health_routes(checks: Mapping[str, Check], is_draining: Callable[[], bool]) -> list[Route]:
    """`checks`: what has to answer before this node may be sent anybody, by name."""

    async def readyz(_: Request) -> Response:
        answers = await asyncio.gather(*(_answers(check) for check in checks.values()))
        told = {name: "ok" if answer else "does not answer" for name, answer in zip(checks, answers, strict=True)}
        if is_draining():
            told["server"] = "draining"
        ready = set(told.values()) <= {"ok"}
        return JSONResponse({"ready": ready, **told}, 200 if ready else 503, {"Cache-Control": "no-store"})

    return [Route("/healthz", _healthz), Route("/readyz", readyz), Route("/metrics", _metrics)]


async def _answers(check: Check) -> bool:
    try:
        async with asyncio.timeout(CHECK_WITHIN_S):
            await check()
    except Exception:
        return False
    return True


async def _healthz(_: Request) -> Response:
    return JSONResponse({"up": True}, headers={"Cache-Control": "no-store"})


async def _metrics(_: Request) -> Response:
    return Response(prometheus_client.generate_latest(), media_type=prometheus_client.CONTENT_TYPE_LATEST)
