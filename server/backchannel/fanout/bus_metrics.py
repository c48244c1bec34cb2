"""Metrics of the bus between nodes: how soon Redis takes what is published, and how often it went away."""

from typing import Final

from prometheus_client import Counter, Histogram

seconds: Final = Histogram(
    "backchannel_bus_seconds",
    "From the moment the oldest message of a batch was to be published until Redis had taken the batch.",
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 3),
)
errors: Final = Counter("backchannel_bus_errors", "Connections to Redis that broke, or could not be made.", ["role"])
for _role in ("subscriber", "publisher"):
    errors.labels(_role)
