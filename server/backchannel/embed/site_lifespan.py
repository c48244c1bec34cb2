"""The lifespan of the application inside, if it has one. Django's own raises for it; FastAPI's, Starlette's and others' handle it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.types import ASGIApp, Message, Scope

from backchannel.process_log import ProcessLog

_log = ProcessLog("backchannel")


class StartupFailed(Exception):
    """The application inside handles the lifespan, and its startup failed. `str(error)`: its message."""


@asynccontextmanager
async def site_lifespan(application: ASGIApp, scope: Scope) -> AsyncIterator[None]:
    """Enter when the application has started, or has refused the lifespan; return when it has shut down. Raises `StartupFailed`."""
    to_application: asyncio.Queue[Message] = asyncio.Queue()
    to_server: asyncio.Queue[Message] = asyncio.Queue()
    task = asyncio.ensure_future(application(scope, to_application.get, to_server.put))
    await to_application.put({"type": "lifespan.startup"})
    answer = await _next(to_server, task)
    if answer is not None and answer["type"] == "lifespan.startup.failed":
        await _ended(task)
        raise StartupFailed(answer.get("message", ""))
    try:
        yield
    finally:
        if answer is not None:
            await to_application.put({"type": "lifespan.shutdown"})
            await _next(to_server, task)
        await _ended(task)


async def _ended(task: asyncio.Future[None]) -> None:
    task.cancel()  # has no effect on one that has returned
    (error,) = await asyncio.gather(task, return_exceptions=True)
    if isinstance(error, Exception):
        _log.log(logging.DEBUG, "lifespan_of_the_site_raised", exc_info=error)


async def _next(messages: asyncio.Queue[Message], task: asyncio.Future[None]) -> Message | None:
    """The application's next message; None if it ends without one."""
    reading = asyncio.ensure_future(messages.get())
    either: list[asyncio.Future[Any]] = [reading, task]
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    if reading.done():
        return reading.result()
    reading.cancel()
    return None if messages.empty() else messages.get_nowait()
