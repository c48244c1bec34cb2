"""Every fault by its name: its kind of target, how long it lasts, and how it starts and ends.

A fault may be impossible when its turn comes (the node is down, the database does not answer): then it is not counted. `begin`
returns what `end` needs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from e2e.network.faults import BOTH, Faults
from e2e.network.proxy import Proxy
from lab.chaos import database_faults, node_faults, people_faults
from lab.chaos.cluster import Cluster
from lab.chaos.plan import Injection, Kind
from machine import find_faketime

Begin = Callable[[Cluster, Injection], Any]
End = Callable[[Cluster, Injection, Any], None]


@dataclass(frozen=True)
class Fault:
    kind: Kind
    begin: Begin
    end: End = lambda _arena, _injection, _state: None


def _network(cluster: Cluster, injection: Injection) -> Proxy:
    return cluster.networks[injection.target]


def _lasting(name: str, faults: Faults, *, seconds: tuple[float, float] = (1.0, 6.0)) -> Fault:
    """A fault that lasts. Most of these affect new connections, so cut the open ones."""

    def begin(cluster: Cluster, injection: Injection) -> None:
        network = _network(cluster, injection)
        network.apply(faults)
        network.cut("ws" if injection.dice < 0.7 else None)

    def end(cluster: Cluster, injection: Injection, _: Any) -> None:
        _network(cluster, injection).heal()

    return Fault(Kind(name, "network", seconds), begin, end)


def _at_once(name: str, act: Callable[[Proxy], object]) -> Fault:
    return Fault(Kind(name, "network"), lambda cluster, injection: act(_network(cluster, injection)))


NETWORK = (
    _lasting("connections refused", Faults(refuse=True)),
    _lasting("upgrade answered 403", Faults(upgrade_status=403)),
    _lasting("upgrade answered 426", Faults(upgrade_status=426)),
    _lasting("upgrade stripped", Faults(strip_upgrade=True)),
    _lasting("upgrade never answered", Faults(hang_upgrade=True)),
    _lasting("everything answered 502", Faults(status=502)),
    _lasting("new sockets silent upwards", Faults(ws_silence=frozenset({"up"}))),
    _lasting("new sockets silent downwards", Faults(ws_silence=frozenset({"down"}))),
    _lasting("new sockets silent", Faults(ws_silence=BOTH)),
    _lasting("new requests silent downwards", Faults(http_silence=frozenset({"down"})), seconds=(1.0, 3.0)),
    _lasting("sockets reset after 200 ms", Faults(ws_lives_s=0.2)),
    _lasting("delay of 150 ms", Faults(delay_s=0.15)),
    _lasting("20 kB/s", Faults(bytes_per_s=20_000)),
    _lasting("answers buffered", Faults(buffer=True)),
    _lasting("POSTs sent twice", Faults(duplicate_posts=True, upgrade_status=502)),
    _at_once("all connections reset", lambda network: network.cut()),
    _at_once("sockets reset", lambda network: network.cut("ws")),
    _at_once("requests reset", lambda network: network.cut("http")),
    _at_once("sockets fall silent", lambda network: network.silence("ws")),
    _at_once("sockets fall silent downwards", lambda network: network.silence("ws", frozenset({"down"}))),
    _at_once("sockets fall silent upwards", lambda network: network.silence("ws", frozenset({"up"}))),
    _at_once("sockets half closed", lambda network: network.half_close("ws")),
)


def _of_wires(target: Any, whose: str, wires: Callable[[Cluster], dict[str, Proxy]]) -> tuple[Fault, ...]:
    def reset(cluster: Cluster, injection: Injection) -> None:
        wires(cluster)[injection.target].cut()

    def part(cluster: Cluster, injection: Injection) -> None:
        wire = wires(cluster)[injection.target]
        wire.silence("tcp")
        wire.apply(Faults(refuse=True))

    def slow(cluster: Cluster, injection: Injection) -> None:
        wires(cluster)[injection.target].apply(Faults(delay_s=0.03))

    def whole(cluster: Cluster, injection: Injection, _: Any) -> None:
        wire = wires(cluster)[injection.target]
        wire.heal()
        if injection.kind.startswith("partition"):
            wire.cut()

    return (
        Fault(Kind(f"connections to {whose} reset", target, weight=0.7), reset),
        Fault(Kind(f"partition from {whose}", target, (0.5, 4.0), weight=0.7), part, whole),
        Fault(Kind(f"{whose} slow", target, (1.0, 4.0), weight=0.5), slow, whole),
    )


BUS_AND_DATABASE = (
    *_of_wires("bus_wire", "Redis", lambda cluster: cluster.bus_wires),
    *_of_wires("database_wire", "PostgreSQL", lambda cluster: cluster.database_wires),
)

NODES = (
    Fault(Kind("node killed", "node", (0.3, 3.0), weight=4.0), node_faults.kill, node_faults.start),
    Fault(Kind("node stopped and started", "node", (1.0, 4.0), weight=4.0), node_faults.drain, node_faults.start),
    Fault(Kind("node frozen", "node", (0.5, 6.0), weight=2.0), node_faults.freeze, node_faults.resume),
    *(
        Fault(
            Kind(f"node dies {place.replace('_', ' ')}", "node", (3.0, 8.0)), node_faults.arm(place), node_faults.disarm
        )
        for place in ("before_commit", "after_commit", "before_publish", "after_publish", "after_answer")
    ),
    *(
        Fault(Kind(f"node's clock {days:+d} day", "node", (4.0, 10.0)), node_faults.skew(days), node_faults.unskew)
        for days in (1, -1)
        if find_faketime()
    ),
)

DEVICES = (
    Fault(
        Kind("devices frozen", "devices", (0.5, 8.0), weight=3.0),
        lambda cluster, injection: cluster.devices[injection.target].freeze(),
        lambda cluster, injection, _: cluster.devices[injection.target].resume(),
    ),
    Fault(
        Kind("devices killed", "devices", (0.2, 3.0), weight=3.0),
        lambda cluster, injection: cluster.devices[injection.target].kill(),
        lambda cluster, injection, _: cluster.devices[injection.target].start(),
    ),
)

STORES = (
    Fault(Kind("Redis killed", "redis", (0.3, 4.0)), database_faults.stop_redis, database_faults.start_redis),
    Fault(Kind("Redis frozen", "redis", (0.5, 5.0)), database_faults.freeze_redis, database_faults.go_on_redis),
    Fault(Kind("Redis paused", "redis", (0.5, 4.0)), database_faults.pause_redis),
    Fault(Kind("Redis flushed", "redis"), database_faults.flush_redis),
    Fault(Kind("PostgreSQL connections ended", "postgres"), database_faults.terminate_backends),
    Fault(Kind("PostgreSQL process killed", "postgres", weight=0.7), database_faults.kill_backend),
    Fault(
        Kind("PostgreSQL crashed", "postgres", (0.3, 2.0), weight=0.7),
        database_faults.crash_postgres,
        database_faults.start_postgres,
    ),
    Fault(Kind("room locked", "postgres", (0.5, 5.0)), database_faults.lock_room, database_faults.release),
    Fault(
        Kind("SQLite locked", "sqlite", (0.5, 7.0), weight=3.0), database_faults.lock_sqlite, database_faults.release
    ),
)

PEOPLE = (
    Fault(Kind("person removed", "people", (0.5, 5.0), weight=4.0), people_faults.remove, people_faults.add),
    Fault(Kind("session ended", "guests", weight=2.0), people_faults.sign_out),
)

CATALOGUE = {fault.kind.name: fault for fault in (*NETWORK, *NODES, *BUS_AND_DATABASE, *DEVICES, *STORES, *PEOPLE)}
KINDS = [fault.kind for fault in CATALOGUE.values()]
