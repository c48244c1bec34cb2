"""Everything that exists in one seed."""

import sqlite3
from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from backchannel.protocol.shapes import User
from backchannel.store.transaction import WORKSPACE
from lab.simulation import seams
from lab.simulation.clients.client import Client
from lab.simulation.clients.outbox import Outbox
from lab.simulation.loop import Loop
from lab.simulation.world.bus import Broker
from lab.simulation.world.chance import Chance
from lab.simulation.world.database import Database
from lab.simulation.world.history import History
from lab.simulation.world.network import Network
from lab.simulation.world.node import SimulatedIdentity, SimulatedNode
from tests.reference.replica import Replica

if TYPE_CHECKING:
    from lab.simulation.plan import Plan

CLOCK_SKEW_US = 2_000_000
BOUNDS_EVERY_S = 0.5
FORGOTTEN_WITHIN_S = 80.0
"""Longer than the detection of a silent link, the slowest read, an abandoned poll, and the delay of presence after it."""


class World:
    """Nodes, clients and what is between them, as `plan` says."""

    def __init__(self, plan: "Plan", rng: Random) -> None:
        self.plan = plan
        self.chance = Chance(rng)
        self.faults: list[str] = []
        self.loop = Loop(rng, self.fault, shuffles=plan.shuffles)  # type: ignore[abstract]  # nothing here calls the others
        self.loop.thread_delay = self.chance.thread_delay
        self.history = History(self.loop.time)
        self.database = Database(rng)
        plan.populate(self.database)
        self.database.interleaves = plan.interleaves
        self.broker = Broker(self.loop, self.chance)
        self.network = Network(self, self.pick_node)
        self.nodes: dict[int, SimulatedNode] = {}
        self.clients: dict[str, Client] = {}
        self.gone: dict[str, tuple[Replica, Outbox]] = {}
        self.ended: set[str] = set()
        """Revoked credentials."""
        self._credentials = 0
        self._decoded: dict[str, Any] = {}
        self._random_id = rng.getrandbits
        self._restores = 0
        seams.set_bounds(plan.bounds)
        seams.time_of_day.now = self.loop.time
        seams.server_log.on_fault = self.fault
        self.later(BOUNDS_EVERY_S, self._look_at_bounds)

    # -- nodes

    def start_node(self, number: int) -> None:
        skew_us = int((self.chance.random() - 0.5) * CLOCK_SKEW_US) if self.plan.skews_clocks else 0
        self.history.add("node", node=number)
        self.nodes[number] = SimulatedNode(self, number, skew_us)

    def pick_node(self) -> SimulatedNode | None:
        accepting = [node for node in self.nodes.values() if node.accepts]
        return accepting[int(self.chance.random() * len(accepting))] if accepting else None

    # -- clients

    def start_client(self, name: str, user: int) -> None:
        who = SimulatedIdentity(User(user, f"user{user}", f"User {user}"), self.new_credential())
        self.clients[name] = Client(self, name, who, self.gone.pop(name, None))

    def new_credential(self) -> str:
        self._credentials += 1
        return f"session:{self._credentials}"

    def end_credential(self, credential: str) -> None:
        """Revoke it in the database and announce it at one node, which publishes it to the others."""
        self.ended.add(credential)
        self.history.add("ended", credential=credential)
        node = self.pick_node()
        if node is not None:
            node.announce_end(credential)

    def new_id(self) -> str:
        """For a message: a UUID of version 7, by the loop's time."""
        milliseconds = int(self.loop.now * 1000)
        value = milliseconds << 80 | 0x7 << 76 | self._random_id(12) << 64 | 0x2 << 62 | self._random_id(62)
        return str(UUID(int=value))

    def decoded(self, text: str) -> Any:
        """JSON; the same bytes are decoded once for all who receive them."""
        found = self._decoded.get(text)
        if found is None:
            if len(self._decoded) > 500:
                self._decoded.clear()
            found = self._decoded[text] = msgspec.json.decode(text)
        return found

    # -- what goes wrong

    def fault(self, sentence: str) -> None:
        """Record something that must never happen."""
        self.faults.append(sentence)
        self.history.add("fault", detail=sentence)

    def _look_at_bounds(self) -> None:
        for node in self.nodes.values():
            if not node.is_dead:
                for excess in node.excesses():
                    self.fault(excess)
        self.later(BOUNDS_EVERY_S, self._look_at_bounds)

    def restore(self, backup: sqlite3.Connection) -> None:
        """Restore the database from a backup, under another epoch, while the nodes are stopped."""
        for node in self.nodes.values():
            node.kill()
        self._restores += 1
        epoch = f"{self.plan.epoch}-{self._restores}"
        self.database.restore(backup)
        self.database.query(f"UPDATE {WORKSPACE} SET epoch = ?", epoch)
        self.history.add("restored", epoch=epoch)

    def empty(self) -> None:
        """Everybody leaves; long after that no node may hold state of them."""
        for client in self.clients.values():
            if client.is_alive:
                client.leave()
        self.loop.run_until(lambda: False, self.loop.now + FORGOTTEN_WITHIN_S, every=10.0)
        for node in self.nodes.values():
            for left in node.left_behind():
                self.fault(left)

    def close(self) -> None:
        """End every task, so that nothing of this world is left."""
        for client in self.clients.values():
            client.is_alive = False
        for node in self.nodes.values():
            node.kill()
        self.loop.run_until(lambda: False, self.loop.now + 0.1, every=0.1)

    def later(self, delay: float, do: Callable[..., Any], *args: Any) -> None:
        self.loop.call_later(delay, do, *args)
