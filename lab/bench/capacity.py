"""What one node, ten and a thousand can serve: a small simulation of the measured costs of one core.

    python -m lab.bench.capacity        writes the generated parts of docs/capacity.md

A world is a number of nodes with people spread evenly over them, and rooms whose sizes are drawn from a profile. Messages
are drawn one by one: a room's size, the nodes its members happen to be on, and with them the deliveries, the copies on the
bus and the append in the database. The people who fit are found by halving.
Only the costs come from this machine. That they are the same on a thousand nodes is an assumption, which the page names.
"""

from __future__ import annotations

import math
import random
import re
import sys
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from lab.bench.goals import Results, find
from lab.bench.results import read
from lab.bench.rows import ROWS
from lab.bench.servers import ROOT
from lab.bench.tables import table

PAGE = ROOT / "docs" / "capacity.md"
CPU_SHARE = 0.6
"""Of a core; the rest is for reconnects, reads and bursts."""
NODE_MEMORY = 4 * 2**30
DATABASE_CORES = 16
BUS_PER_S = 150_000
"""Deliveries a second of one Redis to its subscribers: a cautious reading of its makers' figures, not measured here."""
SAMPLES = 2000


@dataclass(frozen=True)
class Costs:
    """What one core was measured to need. Seconds, bytes."""

    delivery: float
    send: float
    database_send: float
    connection_bytes: float
    base_bytes: float
    connection_cpu: float
    """The share of a core that an idle connection costs by its heartbeats."""
    event_bytes: float


@dataclass(frozen=True)
class Profile:
    """How people use it: the median size of the rooms they speak in, its spread, the largest, and how much they say."""

    name: str
    median_room: int
    spread: float
    largest: int
    per_hour: float


TEAM = Profile("teams", 12, 0.9, 500, 30)
COMMUNITY = Profile("communities", 150, 1.2, 5000, 6)


@dataclass(frozen=True)
class Load:
    """What a world asks of its parts, at the busiest node."""

    messages_per_s: float
    node_cpu: float
    node_bytes: float
    bus_per_s: float
    database_cores: float

    @property
    def strain(self) -> dict[str, float]:
        """Each part's share of what it may take; the largest breaks first."""
        return {
            "CPU of a node": self.node_cpu / CPU_SHARE,
            "memory of a node": self.node_bytes / NODE_MEMORY,
            "one Redis": self.bus_per_s / BUS_PER_S,
            "one PostgreSQL": self.database_cores / (DATABASE_CORES * CPU_SHARE),
        }


@lru_cache
def sample(profile: Profile, nodes: int, seed: int) -> tuple[float, float]:
    """Draw messages: the deliveries of one, and the nodes it goes to, both in the mean. Pure: a seed gives the same."""
    draw = random.Random(seed)
    deliveries = copies = 0
    for _ in range(SAMPLES):
        drawn = round(draw.lognormvariate(math.log(profile.median_room), profile.spread))
        size = min(profile.largest, max(2, drawn))
        deliveries += size
        copies += len({draw.randrange(nodes) for _ in range(size)})
    return deliveries / SAMPLES, copies / SAMPLES


def simulate(costs: Costs, profile: Profile, nodes: int, people: int, seed: int = 1) -> Load:
    """What so many people ask of each part."""
    deliveries, copies = sample(profile, nodes, seed)
    rate = people * profile.per_hour / 3600
    each = deliveries * rate / nodes
    # The busiest node of a second is busier than the mean by chance.
    busiest = each + 3 * math.sqrt(each)
    cpu = rate / nodes * costs.send + busiest * costs.delivery + people / nodes * costs.connection_cpu
    return Load(
        messages_per_s=rate,
        node_cpu=cpu,
        node_bytes=costs.base_bytes + people / nodes * costs.connection_bytes,
        bus_per_s=0 if nodes == 1 else rate * copies,
        database_cores=rate * costs.database_send,
    )


def most_people(costs: Costs, profile: Profile, nodes: int, *, shards: bool = False) -> tuple[int, Load]:
    """How many fit. `shards`: Redis and PostgreSQL are sharded by room, so that only the nodes set the limit."""

    def fits(people: int) -> bool:
        strain = simulate(costs, profile, nodes, people).strain
        named = [strain["CPU of a node"], strain["memory of a node"]] if shards else strain.values()
        return max(named) <= 1

    low, high = 1, 100
    while fits(high):
        low, high = high, high * 2
    while high - low > max(1, low // 100):
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low, simulate(costs, profile, nodes, low)


def costs_of(results: Results) -> Costs | None:
    """The costs, from the kept results; None where a row is not there."""
    alone = find(results, "fanout", "backchannel", members=1000, window=1)
    sends = find(results, "sends", "backchannel", database="postgres", at_once=256, rate=None)
    share = find(results, "sends", "backchannel", database="postgres", what="database")
    memory = find(results, "memory", "backchannel")
    bytes_ = find(results, "original", "both", what="bytes of each")
    if not (alone and sends and share and memory and bytes_):
        return None
    send = sends["cpu_s_per_100k"] / 100_000
    database = min(1.0, share["database_share_of_cpu"])
    return Costs(
        delivery=alone["cpu_s_per_100k"] / 100_000,
        send=send * (1 - database),
        database_send=send * database,
        connection_bytes=memory["kib_per_connection"] * 1024,
        base_bytes=memory["base_mib"] * 2**20,
        connection_cpu=memory.get("idle_cpu_share", 0.0) / memory["connections"],
        event_bytes=bytes_["event_bytes"],
    )


def inputs(costs: Costs) -> str:
    """The costs as a table."""
    rows = [
        ("a delivery, one at a time", f"{costs.delivery * 1e6:.2f} µs of a node's core"),
        ("a durable send, at the node", f"{costs.send * 1e6:.0f} µs"),
        ("a durable send, in PostgreSQL", f"{costs.database_send * 1e6:.0f} µs of its core"),
        (
            "an idle connection",
            f"{costs.connection_bytes / 1024:.1f} KiB, and {costs.connection_cpu * 1e6:.1f} µs a second",
        ),
        ("a node without connections", f"{costs.base_bytes / 2**20:.0f} MiB"),
        ("an event on the wire", f"{costs.event_bytes:.0f} bytes"),
    ]
    return table(("what", "cost"), rows)


def carried(costs: Costs) -> str:
    """People and load by nodes, and which part reaches its limit first."""
    rows = []
    for profile in (TEAM, COMMUNITY):
        for nodes in (1, 10, 1000):
            for shards in (False, True) if nodes == 1000 else (False,):
                people, load = most_people(costs, profile, nodes, shards=shards)
                first = max(load.strain.items(), key=lambda item: item[1])
                need = [
                    f"{max(1, math.ceil(load.strain[part]))} × {part.removeprefix('one ')}"
                    for part in ("one Redis", "one PostgreSQL")
                ]
                rows.append(
                    (
                        f"{profile.name}, {nodes:,} node{'s' if nodes > 1 else ''}"
                        + (", sharded by room" if shards else ""),
                        rounded(people),
                        f"{load.messages_per_s:,.0f}",
                        f"{load.bus_per_s:,.0f}",
                        f"{load.database_cores:.1f}",
                        ", ".join(need) if shards else first[0],
                    )
                )
    head = (
        "",
        "people connected",
        "messages/s",
        "bus deliveries/s",
        "PostgreSQL's cores",
        "first limit, or what it takes",
    )
    return table(head, rows)


def rounded(people: int) -> str:
    """Two digits that count: more would pretend."""
    digits = max(0, len(str(people)) - 2)
    return f"{people // 10**digits * 10**digits:,}"


def _filled(made: str, match: re.Match[str]) -> str:
    return f"{match[1]}\n{made}\n\n{match[2]}"


def write() -> bool:
    """Fill the page; whether there was enough to fill it from."""
    results: dict[str, Any] = {row: read(row) for row in ROWS}
    costs = costs_of(results)
    if costs is None:
        print("docs/capacity.md stays as it is: it needs the rows fanout, sends, memory and original")
        return False
    text = PAGE.read_text()
    for name, made in (("inputs", inputs(costs)), ("carried", carried(costs))):
        text = re.sub(
            rf"(<!-- made: {name} -->\n).*?(<!-- end -->)",
            partial(_filled, made),
            text,
            flags=re.DOTALL,
        )
    PAGE.write_text(text)
    print(PAGE)
    return True


if __name__ == "__main__":
    sys.exit(0 if write() else 1)
