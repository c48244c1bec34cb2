"""Faults of a node: killed, drained, frozen, killed at a chosen step of a send, started with a wrong clock."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

from lab.chaos.cluster import Cluster
from lab.chaos.plan import Injection
from machine import find_faketime

DAY_S = 24 * 3600
# A failpoint kills the process when its place is reached for the n-th time.
TIMES = 300


def kill(cluster: Cluster, injection: Injection) -> None:
    cluster.nodes[injection.target].kill()


def drain(cluster: Cluster, injection: Injection) -> None:
    """SIGTERM; `start` waits for the exit, as a service manager does."""
    cluster.nodes[injection.target].tell(signal.SIGTERM)


def start(cluster: Cluster, injection: Injection, _: Any = None) -> None:
    node = cluster.nodes[injection.target]
    if node.runs and injection.kind == "node stopped and started":
        node.stop()
    if not node.runs:
        node.spawn()


def freeze(cluster: Cluster, injection: Injection) -> None:
    cluster.nodes[injection.target].tell(signal.SIGSTOP)


def resume(cluster: Cluster, injection: Injection, _: Any) -> None:
    cluster.nodes[injection.target].tell(signal.SIGCONT)


def arm(place: str) -> Callable[[Cluster, Injection], None]:
    """Restart it so that it kills itself at `place`."""

    def begin(cluster: Cluster, injection: Injection) -> None:
        node = cluster.nodes[injection.target]
        node.kill()
        node.spawn(BACKCHANNEL_FAILPOINT=f"{place}:{1 + int(injection.dice * TIMES)}")

    return begin


def disarm(cluster: Cluster, injection: Injection, _: Any) -> None:
    """Restart it normally; it may still be running."""
    cluster.nodes[injection.target].kill()
    start(cluster, injection)


def skew(days: int) -> Callable[[Cluster, Injection], None]:
    """Restart it with a clock that is a day off."""

    def begin(cluster: Cluster, injection: Injection) -> None:
        node = cluster.nodes[injection.target]
        node.kill()
        # The monotonic clock of timers stays right, as on any machine.
        node.spawn(LD_PRELOAD=str(find_faketime()), FAKETIME=f"{days * DAY_S:+d}", DONT_FAKE_MONOTONIC="1")

    return begin


unskew = disarm
