"""The lag of the event loop: the first metric to look at if everything is slow at once."""

import asyncio
from collections.abc import Callable
from typing import Final

from prometheus_client import Histogram

SAMPLE_EVERY_S: Final = 0.05

lag: Final = Histogram(
    "backchannel_loop_lag_seconds",
    "Delay of the event loop beyond the time due, sampled 20 times a second.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.5, 1, 2.5, 5),
)


async def sample_lag(clock: Callable[[], float]) -> None:
    """Runs until it is cancelled. `clock`: seconds, monotonic."""
    while True:
        due = clock() + SAMPLE_EVERY_S
        await asyncio.sleep(SAMPLE_EVERY_S)
        lag.observe(max(0.0, clock() - due))
