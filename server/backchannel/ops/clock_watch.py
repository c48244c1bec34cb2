"""The metric of this machine's clock against the database's. Times of messages are the database's on PostgreSQL; evidence, logs and
certificates go by the machine's."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

from prometheus_client import REGISTRY, Gauge

from backchannel.protocol.errors import CommandError
from backchannel.store.clock import offset_s

INTERVAL_S: Final = 30.0

offset: Final = Gauge(
    "backchannel_clock_offset_seconds",
    "How far this machine's clock is ahead of PostgreSQL's, measured each 30 s. Absent on SQLite.",
    registry=None,
)


async def watch_clock(read: Callable[[Callable[[], Any]], Awaitable[Any]]) -> None:
    """Runs until it is cancelled. `read` calls a function in a thread that reads."""
    while True:
        with suppress(CommandError):  # the database does not answer
            show_offset(await read(offset_s))
        await asyncio.sleep(INTERVAL_S)


def show_offset(seconds: float | None) -> None:
    """Registered when it is known, which on SQLite it never is."""
    if seconds is None:
        return
    offset.set(seconds)
    with suppress(ValueError):  # registered before
        REGISTRY.register(offset)
