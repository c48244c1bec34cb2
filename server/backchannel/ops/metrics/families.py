"""Every family of metrics, from all modules that define some: for the reference, and for the tests of what is written about them."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any, Final

from prometheus_client import REGISTRY

from backchannel.counted_histogram import CountedHistogram
from backchannel.ops import backups, clock_watch, watch
from backchannel.ops.metrics import about

PREFIX: Final = "backchannel_"
MODULES: Final = (
    "backchannel.accounts.attempts",
    "backchannel.accounts.auth_log",
    "backchannel.evidence.metrics",
    "backchannel.fanout.hub",
    "backchannel.fanout.bus_metrics",
    "backchannel.fanout.repairs",
    "backchannel.followers.runner",
    "backchannel.intents.applying",
    "backchannel.ops.lag",
    "backchannel.ops.workers",
    "backchannel.site.mail_queue",
    "backchannel.store.log",
    "backchannel.transports.metrics",
    "backchannel.web.django_turns",
)
_WHEN_KNOWN: Final = (
    *(watch.free_bytes, watch.size_bytes, about.database_bytes, about.wal_bytes),
    *(backups.made_at, backups.size_bytes, clock_watch.offset),
)
"""Registered when they are known."""
WORKER_UP: Final = (
    "worker_up",
    "gauge",
    "1 if the worker answered with its metrics. Only with several workers.",
    ("worker",),
)


class Family:
    def __init__(self, name: str, kind: str, help: str, labels: tuple[str, ...]) -> None:
        """`name`: as the samples have it, without `_bucket` and the like. `kind`: as in `# TYPE`."""
        self.name = name
        self.kind = kind
        self.help = help
        self.labels = labels

    @property
    def samples(self) -> tuple[str, ...]:
        """The names that queries use."""
        if self.kind == "histogram":
            return tuple(f"{self.name}{ending}" for ending in ("_bucket", "_count", "_sum"))
        return (self.name,)


def all_families() -> list[Family]:
    """All families, sorted by name."""
    for module in MODULES:
        import_module(module)
    found = {family.name: family for family in _found()}
    return [found[name] for name in sorted(found)]


def _found() -> Iterator[Family]:
    name, kind, help, labels = WORKER_UP
    yield Family(PREFIX + name, kind, help, labels)
    # The registry has no public way to list its collectors; without it each module would list its own once more.
    collectors: list[Any] = list(REGISTRY._collector_to_names)
    for collector in dict.fromkeys([*collectors, *_WHEN_KNOWN]):
        if isinstance(collector, CountedHistogram):
            yield Family(collector.name, "histogram", collector.documentation, collector.label_names)
        elif str(getattr(collector, "_name", "")).startswith(PREFIX):
            ending = "_total" if collector._type == "counter" else ""
            yield Family(collector._name + ending, collector._type, collector._documentation, collector._labelnames)
