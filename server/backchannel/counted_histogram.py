"""A histogram for two cases that the library's own does not fit: samples that others have counted, and hot paths, where looking up labels
and taking locks for each sample would cost more than what is measured."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from prometheus_client import REGISTRY
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector, CollectorRegistry


class Samples:
    """Counts by bucket, of one value of each label. One thread adds to it; reading it meanwhile may miss the newest sample."""

    __slots__ = ("_bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        """Counts of each bucket alone; the last one is above all bounds."""
        self.total = 0.0
        """The sum of all samples that were observed here."""

    def observe(self, sample: float) -> None:
        self.counts[bisect_left(self._bounds, sample)] += 1
        self.total += sample

    def add(self, counts: Sequence[int]) -> None:
        """Samples that others counted, from the lowest bucket; missing ones are 0. Their sum is not known."""
        for index, count in enumerate(counts[: len(self.counts)]):
            self.counts[index] += count


class CountedHistogram(Collector):
    def __init__(
        self,
        name: str,
        documentation: str,
        bounds: Sequence[float],
        label_names: Sequence[str] = (),
        registry: CollectorRegistry = REGISTRY,
        *,
        has_sum: bool = True,
    ) -> None:
        """`bounds`: upper ones, ascending. `has_sum`: False where samples are counted by others, who report no sum."""
        self.name = name
        self.documentation = documentation
        self.label_names = tuple(label_names)
        self._bounds = tuple(bounds)
        self._has_sum = has_sum
        self._samples: dict[tuple[str, ...], Samples] = {}
        registry.register(self)

    def labels(self, *values: str) -> Samples:
        """The samples of these values, one value for each label."""
        found = self._samples.get(values)
        return found if found is not None else self._samples.setdefault(values, Samples(self._bounds))

    def describe(self) -> Iterable[Metric]:
        return [self._family()]

    def collect(self) -> Iterable[Metric]:
        family = self._family()
        bounds = [*(f"{bound:g}" for bound in self._bounds), "+Inf"]
        for values, samples in sorted(self._samples.items()):
            total, buckets = 0, []
            for bound, count in zip(bounds, samples.counts, strict=True):
                total += count
                buckets.append((bound, float(total)))
            family.add_metric(values, buckets, samples.total if self._has_sum else None)
        return [family]

    def _family(self) -> HistogramMetricFamily:
        return HistogramMetricFamily(self.name, self.documentation, labels=self.label_names)
