"""`/healthz`, `/readyz`, `/metrics`. The first two are open to everybody who reaches the port. None contains names or messages."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import prometheus_client
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Scope

from backchannel.ops.workers import Workers
from backchannel.protocol.errors import CommandError
from backchannel.transports.problems import problem

# Otherwise each counter is exported with another series, of the time at which it was created.
prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]

CHECK_TIMEOUT_S: Final = 2.0

Check = Callable[[], Awaitable[None]]
"""Returns if the dependency works, else raises: `Unhealthy`, or anything else for "does not answer"."""


MetricsAccess = Callable[[Scope], Awaitable[None]]
"""Returns if this request may read the metrics, else raises CommandError."""


class Unhealthy(Exception):
    """`str(error)`: one or two words for /readyz."""


def health_routes(
    checks: Mapping[str, Check],
    is_draining: Callable[[], bool],
    degrading: Mapping[str, Check] | None = None,
    workers: Workers | None = None,
    metrics_access: MetricsAccess | None = None,
    check_timeout_s: float = CHECK_TIMEOUT_S,
) -> list[Route]:
    """`checks`, by name: this node is ready if all of them succeed. `degrading`: shown beside them, without effect on readiness. A bus
    that is away delays messages; taking the node out would close its connections. `workers`: the processes of which this is one.
    `metrics_access`: None leaves out `/metrics`."""
    everything = {**checks, **(degrading or {})}

    async def readyz(_: Request) -> Response:
        results = await asyncio.gather(*(result_of(check, check_timeout_s) for check in everything.values()))
        shown = dict(zip(everything, results, strict=True))
        if is_draining():
            shown["server"] = "draining"
        ready = not is_draining() and all(shown[name] == "ok" for name in checks)
        return JSONResponse({"ready": ready, **shown}, 200 if ready else 503, {"Cache-Control": "no-store"})

    async def metrics(request: Request) -> Response:
        assert metrics_access is not None
        try:
            await metrics_access(request.scope)
        except CommandError as error:
            return problem(error)
        text = exposition() if workers is None else await workers.exposition()
        return Response(text, media_type=prometheus_client.CONTENT_TYPE_LATEST)

    routes = [Route("/healthz", _healthz), Route("/readyz", readyz)]
    return routes if metrics_access is None else [*routes, Route("/metrics", metrics)]


async def result_of(check: Check, timeout_s: float = CHECK_TIMEOUT_S) -> str:
    """ "ok", or one or two words about what is wrong."""
    try:
        async with asyncio.timeout(timeout_s):
            await check()
    except Unhealthy as problem:
        return str(problem)
    except Exception:
        return "does not answer"
    return "ok"


async def _healthz(_: Request) -> Response:
    return JSONResponse({"up": True}, headers={"Cache-Control": "no-store"})


def exposition() -> str:
    """This process's metrics, in the text format of Prometheus."""
    return prometheus_client.generate_latest().decode()
