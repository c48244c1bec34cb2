"""The patches between the server's code and the model. Everything else of the server runs unmodified.

the database (Django's default connection)                → SQLite in memory, with faults
the time of day (`store.clock`)                           → the loop's
logs                                                      → what was caught and logged as a fault is a fault here
metrics                                                   → nowhere; a third of the time would be spent counting
the time in which a room gathers                          → as long in a small room as in a large one
"""

import asyncio
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

from prometheus_client.metrics import MetricWrapperBase

from backchannel.commands import delivery
from backchannel.fanout import room_channel
from backchannel.queries import events
from backchannel.store import clock, log
from backchannel.transports import metrics, session_reads
from backchannel.transports.http import polls
from backchannel.transports.session import merge, resume_plan
from backchannel.transports.websocket import outbound
from tests import memory_database


class _Clock:
    """Stands for the module `time` in `store.clock`. `skew_us` is set while a node reads its time of day."""

    def __init__(self) -> None:
        self.now: Callable[[], float] = lambda: 0.0
        self.skew_us = 0

    def time_ns(self) -> int:
        return 1_700_000_000_000_000_000 + (int(self.now() * 1_000_000) + self.skew_us) * 1000


class _Log:
    def __init__(self) -> None:
        self.on_fault: Callable[[str], None] = lambda _: None

    def debug(self, *_: object, **__: object) -> None: ...

    info = warning = error = debug

    def exception(self, word: str, **fields: object) -> None:
        """The server logged an unexpected exception."""
        self.on_fault(f"{word} {fields}\n{traceback.format_exc()}")

    def log(self, level: int, word: str, *, exc_info: BaseException | None = None, **fields: object) -> None:
        if exc_info is not None:
            self.on_fault(f"{word} {fields}\n{''.join(traceback.format_exception(exc_info))}")


class _Metric:
    """Any metric."""

    def labels(self, *_: object) -> "_Metric":
        return self

    def inc(self, *_: object) -> None: ...

    dec = set = set_function = observe = inc


def _uncounted(*_: object) -> None: ...


BOUNDS = {
    "frames_behind": (outbound, "FRAMES_BEHIND"),
    "kept_frames": (merge, "KEPT_FRAMES"),
    "catch_up_events_in_all": (resume_plan, "CATCH_UP_EVENTS_IN_ALL"),
    "unheard": (session_reads, "UNHEARD"),
    "repair_page": (events, "REPAIR_PAGE"),
    "stash_length": (room_channel, "STASH_LENGTH"),
    "batch": (log, "BATCH"),
    "slice": (room_channel, "SLICE"),
    "large": (delivery, "LARGE"),
}
"""Bounds that a small world never reaches; setting them low runs the code behind them."""

USUAL_BOUNDS = {name: getattr(*place) for name, place in BOUNDS.items()}


def set_bounds(bounds: dict[str, int]) -> None:
    for name, (module, constant) in BOUNDS.items():
        setattr(module, constant, bounds.get(name, USUAL_BOUNDS[name]))


time_of_day = _Clock()
server_log = _Log()


class Threads:
    """Runs a node's reads on the loop of its world."""

    def submit(self, function: Callable[..., object], /, *args: Any) -> None:
        asyncio.get_running_loop().submit(function, *args)  # type: ignore[attr-defined]

    def shutdown(self, wait: bool = True) -> None: ...


def _forget(_: object) -> None: ...


@contextmanager
def installed() -> Iterator[None]:
    """Patch the server's code for the duration of the block."""
    metric = _Metric()
    patches: list[Any] = [
        mock.patch.object(asyncio.tasks._all_tasks, "add", _forget),  # type: ignore[attr-defined]
        mock.patch.object(clock, "time", time_of_day),
        mock.patch.object(delivery, "GATHER_EACH_S", delivery.GATHER_AT_MOST_S / 2),
        *(
            mock.patch.object(metrics, name, metric)
            for name, value in vars(metrics).items()
            if isinstance(value, MetricWrapperBase)
        ),
        mock.patch.object(metrics, "count_command", _uncounted),
        mock.patch.object(metrics, "count_sync", _uncounted),
        *(
            mock.patch.object(module, "_log", server_log)
            for name, module in list(sys.modules.items())
            if name.startswith("backchannel.") and hasattr(module, "_log")
        ),
    ]
    assert vars(polls)["metrics"] is metrics
    with ExitStack() as stack:
        stack.enter_context(memory_database.installed())
        for patch in patches:
            stack.enter_context(patch)
        stack.callback(set_bounds, {})
        yield
