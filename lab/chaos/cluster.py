"""The processes of one run, and the proxies between them.

devices, pages ─▶ a network each ─▶ nodes (in turn) ─▶ a wire each ─▶ PostgreSQL
                                                   └─▶ a wire each ─▶ Redis
"""

from __future__ import annotations

import random
import signal
import sqlite3
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

import services
from e2e.network.proxy import Proxy
from e2e.support.server import Account, Server
from lab.chaos.device_process import DeviceProcess
from services import Service

# Above the usual limits, so that a run of minutes has thousands of messages.
SETTINGS = {
    "SENDS_PER_SECOND": "1000",
    "SEND_BURST": "10000",
    "COMMANDS_PER_SECOND": "1000",
    "CHANGES_PER_SECOND": "1000",
    "CHANGE_BURST": "10000",
    "CONNECTIONS": "100",
    "HEARTBEAT_S": "10",
    "SECRET_KEY": "a secret that only these nodes share",
    "LOG_LEVEL": "warning",
}


# Attempts to start a node that exits.
STARTS = 5


@dataclass
class Cluster:
    """What faults act on, by the names that the plan uses."""

    folder: Path
    rng: random.Random
    nodes: dict[str, Server]
    networks: dict[str, Proxy]
    bus_wires: dict[str, Proxy]
    database_wires: dict[str, Proxy]
    redis: Service | None
    postgres: Service | None
    # PostgreSQL's, without a proxy; "": SQLite.
    database_url: str
    devices: dict[str, DeviceProcess] = field(default_factory=dict)
    # Rooms whose membership may be changed: room → (the owner, the people who may be removed).
    rooms: dict[int, tuple[Account, list[Account]]] = field(default_factory=dict)
    user_ids: dict[str, int] = field(default_factory=dict)
    # Users who only sign in and are signed out, once each.
    guests: list[Account] = field(default_factory=list)
    # Conditions that must hold at the end.
    expected: list[tuple[str, threading.Event]] = field(default_factory=list)

    @property
    def targets(self) -> dict[Any, Sequence[str]]:
        return {
            "network": list(self.networks),
            "node": list(self.nodes),
            "devices": list(self.devices),
            "redis": ["redis"] if self.redis else [],
            "bus_wire": list(self.bus_wires),
            "postgres": ["postgres"] if self.postgres else [],
            "database_wire": list(self.database_wires),
            "sqlite": [] if self.database_url else ["sqlite"],
            "guests": ["guests"],
            "people": [account.username for _, people in self.rooms.values() for account in people],
        }

    def query(self) -> AbstractContextManager[Any]:
        """`query(sql, *values) → rows`, without a proxy."""
        return query_of(self.database_url, self.sqlite_file)

    @property
    def sqlite_file(self) -> Path:
        return self.folder / "data" / "backchannel.sqlite3"

    def shuffled_nodes(self) -> list[Server]:
        """The running nodes in random order; all of them if none runs."""
        nodes = [node for node in self.nodes.values() if node.runs] or list(self.nodes.values())
        return self.rng.sample(nodes, len(nodes))

    def supervise(self, broken: Collection[str]) -> None:
        """Restart nodes that exited by themselves, as one does that finds no database at its start."""
        for name, node in self.nodes.items():
            if name not in broken and not node.runs:
                node.spawn()

    def heal(self) -> None:
        """End all faults and wait until every node answers. Silent connections are not closed."""
        for service in (self.redis, self.postgres):
            if service is not None and not service.runs:
                service.start()
            elif service is not None:
                service.tell(signal.SIGCONT)
        for proxy in (*self.networks.values(), *self.bus_wires.values(), *self.database_wires.values()):
            proxy.heal()
        for proxy in (*self.bus_wires.values(), *self.database_wires.values()):
            # TCP would need minutes to notice that a silent wire is dead.
            proxy.cut()
        for node in self.nodes.values():
            node.tell(signal.SIGCONT)
        for node in self.nodes.values():
            _bring_up(node)
        for group in self.devices.values():
            group.resume()
            group.start()


def _bring_up(node: Server) -> None:
    """Start it repeatedly, as a service manager would, until it is ready."""
    for _ in range(STARTS):
        if not node.runs:
            node.spawn()
        if node.becomes_ready():
            return
    raise AssertionError(f"the server did not start in {STARTS} times:\n{node.log.read_text()[-4000:]}")


@contextmanager
def cluster_of(
    database: str, nodes: int, networks: Sequence[str], folder: Path, rng: random.Random
) -> Iterator[Cluster]:
    """Start everything except devices and pages. `database`: "sqlite" or "postgres"."""
    with ExitStack() as held:
        is_postgres = database == "postgres"
        postgres = held.enter_context(services.postgres_service()) if is_postgres else None
        redis = held.enter_context(services.redis_service()) if is_postgres else None
        names = [f"node{n}" for n in range(1, nodes + 1)]
        bus_wires = {name: _wire(held, redis) for name in names if redis}
        database_wires = {name: _wire(held, postgres) for name in names if postgres}
        servers = {}
        for name in names:
            settings = dict(SETTINGS)
            url = ""
            if postgres:
                url = _through(postgres.url, database_wires[name]) + f"?application_name={name}"
                settings["REDIS_URL"] = _through(redis.url, bus_wires[name]) if redis else ""
            # Each node has a folder; SQLite's is shared, because it holds the database.
            servers[name] = Server(folder / (name if is_postgres else "data"), url, **settings)
            held.callback(servers[name].kill)
            servers[name].start()
        proxies = {name: Proxy(*(server.port for server in servers.values())) for name in networks}
        for proxy in proxies.values():
            proxy.start()
            held.callback(proxy.stop)
        yield Cluster(
            folder=folder,
            rng=rng,
            nodes=servers,
            networks=proxies,
            bus_wires={f"bus of {name}": wire for name, wire in bus_wires.items()},
            database_wires={f"database of {name}": wire for name, wire in database_wires.items()},
            redis=redis,
            postgres=postgres,
            database_url=postgres.url if postgres else "",
        )


def _wire(held: ExitStack, service: Service) -> Proxy:
    wire = Proxy(int(urlsplit(service.url).port or 0), http=False).start()
    held.callback(wire.stop)
    return wire


def _through(url: str, wire: Proxy) -> str:
    parts = urlsplit(url)
    user = f"{parts.username}@" if parts.username else ""
    return parts._replace(netloc=f"{user}127.0.0.1:{wire.port}").geturl()


@contextmanager
def query_of(database_url: str, sqlite_file: Path) -> Iterator[Any]:
    """`query(sql, *values) → rows` of PostgreSQL, or of SQLite if `database_url` is empty."""
    if database_url:
        with psycopg.connect(database_url, autocommit=True) as postgres:
            yield lambda text, *values: postgres.execute(sql.SQL(text.replace("?", "%s")), values).fetchall()
        return
    sqlite = sqlite3.connect(f"file:{sqlite_file}?mode=ro", uri=True, timeout=20)
    try:
        yield lambda text, *values: sqlite.execute(text, values).fetchall()
    finally:
        sqlite.close()
