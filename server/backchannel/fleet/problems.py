"""What is wrong with the fleet, as the shipped alert rules would say it, for servers that no Prometheus watches. Pure.

The names are those of deploy/monitoring, and lead to docs/runbook.md.
"""

from collections.abc import Callable, Iterator
from typing import Final

from backchannel.protocol.fleet import FleetNow, OpenProblem
from backchannel.protocol.times import from_wire

BACKUP_OLD_H: Final = 26
"""A daily backup is a little late at times."""
DISK_SHARE: Final = 0.1
HTTP_SHARE: Final = 0.2
HTTP_FROM: Final = 10
"""Connections below which a share says nothing."""
LATE_S: Final = 1.0
HOUR_US: Final = 3_600_000_000


def problems_of(now: FleetNow, now_us: int) -> list[OpenProblem]:
    return [OpenProblem(f"Backchannel{name}", text) for name, rule in _RULES for text in rule(now, now_us)]


def _bus_lost(now: FleetNow, _: int) -> Iterator[str]:
    for node in now.nodes:
        if not node.silent and not node.bus_up:
            yield f"{node.id} has lost Redis: delivery between nodes takes up to 5 s"


def _disk_fills_up(now: FleetNow, _: int) -> Iterator[str]:
    for node in now.nodes:
        if not node.silent and node.free_bytes is not None and node.size_bytes:
            share = node.free_bytes / node.size_bytes
            if share < DISK_SHARE:
                yield f"the disk of {node.id} has {share:.0%} free: at full every send is refused"


def _backup_old(now: FleetNow, now_us: int) -> Iterator[str]:
    if now.backup is not None:
        hours = (now_us - from_wire(now.backup.at)) / HOUR_US
        if hours > BACKUP_OLD_H:
            yield f"the newest backup is {hours:,.0f} hours old"


def _fallback_surge(now: FleetNow, _: int) -> Iterator[str]:
    total = sum(each.count for each in now.open)
    on_http = sum(each.count for each in now.open if each.transport == "http")
    if total >= HTTP_FROM and on_http / total > HTTP_SHARE:
        yield f"{on_http / total:.0%} of connections live on HTTP"


def _delivery_slow(now: FleetNow, _: int) -> Iterator[str]:
    if now.delivery is not None and (now.delivery.p99 is None or now.delivery.p99 > LATE_S):
        shown = "more than 300" if now.delivery.p99 is None else f"up to {now.delivery.p99:g}"
        yield f"one message in a hundred takes {shown} s to reach others"


_RULES: Final[tuple[tuple[str, Callable[[FleetNow, int], Iterator[str]]], ...]] = (
    ("BusLost", _bus_lost),
    ("DiskFillsUp", _disk_fills_up),
    ("BackupOld", _backup_old),
    ("FallbackSurge", _fallback_surge),
    ("DeliverySlow", _delivery_slow),
)
