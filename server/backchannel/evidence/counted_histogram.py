"""A histogram whose samples were counted elsewhere: clients report how many fell into each bucket."""

import threading
from collections.abc import Iterable, Sequence

from prometheus_client import REGISTRY
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector, CollectorRegistry


class CountedHistogram(Collector):
    """Has no `_sum`: nobody reports one."""

    def __init__(
        self, name: str, documentation: str, label: str, bounds: Sequence[float], registry: CollectorRegistry = REGISTRY
    ) -> None:
        """`bounds`: upper ones, ascending; one bucket more has what is above them."""
        self._name = name
        self._documentation = documentation
        self._label = label
        self._bounds = [*(f"{bound:g}" if bound < 1e6 else str(bound) for bound in bounds), "+Inf"]
        self._counts: dict[str, list[int]] = {}
        self._lock = threading.Lock()
        registry.register(self)

    def add(self, value: str, counts: Sequence[int]) -> None:
        """`value`: of the label. `counts`: of each bucket alone, from the lowest; missing ones are 0."""
        if not any(counts):
            return
        with self._lock:
            found = self._counts.setdefault(value, [0] * len(self._bounds))
            for index, count in enumerate(counts[: len(found)]):
                found[index] += count

    def describe(self) -> Iterable[Metric]:
        return [HistogramMetricFamily(self._name, self._documentation, labels=[self._label])]

    def collect(self) -> Iterable[Metric]:
        family = HistogramMetricFamily(self._name, self._documentation, labels=[self._label])
        with self._lock:
            for value, counts in self._counts.items():
                total = 0
                buckets = []
                for bound, count in zip(self._bounds, counts, strict=True):
                    total += count
                    buckets.append((bound, float(total)))
                family.add_metric([value], buckets, sum_value=None)
        return [family]
