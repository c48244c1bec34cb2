"""The network between clients and nodes: a load balancer, and requests that are late, lost or doubled."""

from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from backchannel.protocol.frames import SyncRequest
from lab.simulation.world.link import Link
from lab.simulation.world.node import Answered, SimulatedIdentity, SimulatedNode
from lab.simulation.world.surroundings import Surroundings


class Caller(Protocol):
    """A client, as the network sees it."""

    name: str
    who: SimulatedIdentity
    is_alive: bool


Done = Callable[[int, dict[str, Any]], None]


class Network:
    """Between all clients and all nodes. `loses`, `doubles`: chances for each request, each way. `offline`: clients that reach
    nobody. A load balancer picks any node that accepts."""

    def __init__(self, world: Surroundings, pick_node: Callable[[], SimulatedNode | None]) -> None:
        self.world = world
        self.pick_node = pick_node
        self.loses = 0.0
        self.doubles = 0.0
        self.refuses_upgrades = False
        self.offline: set[str] = set()
        self.links: dict[Link, str] = {}
        self._numbers = 0

    def new_number(self) -> int:
        self._numbers += 1
        return self._numbers

    def open(self, client: Caller) -> Link:
        """Open a WebSocket to some node; it closes at once if none accepts."""
        world = self.world
        link, who = Link(world, self.new_number(), world.chance.latency()), client.who
        self.links[link] = client.name

        def arrive() -> None:
            node = self.pick_node()
            if client.name in self.offline or node is None or self.refuses_upgrades:
                link.end(1006)
            else:
                node.open(link, who)

        world.loop.call_later(link.latency, arrive)
        return link

    def command(self, client: Caller, word: str, fields: dict[str, Any], done: Done, within: float) -> None:
        request, who = Request(self, client, done, within), client.who
        request.send(lambda node, answered: node.command(word, fields, who, answered))

    def sync(self, client: Caller, body: dict[str, Any], done: Done, within: float) -> "Request":
        asked = msgspec.convert(body, SyncRequest, strict=False)
        request, who = Request(self, client, done, within), client.who
        request.send(lambda node, answered: node.sync(asked, who, answered))
        return request

    def heal(self) -> None:
        self.loses = self.doubles = 0.0
        self.refuses_upgrades = False
        self.offline.clear()
        for link in self.links:
            link.heal()


class Request:
    """One HTTP exchange as the client sees it: one answer, or status 0."""

    def __init__(self, network: Network, client: Caller, done: Done, within: float) -> None:
        self._network = network
        self._world = network.world
        self._client = client
        self._done: Done | None = done
        self._abandons: list[Callable[[], object]] = []
        self._world.loop.call_later(within, self._finish, 0, b"")

    def send(self, handle: Callable[[SimulatedNode, Answered], Callable[[], object] | None]) -> None:
        random, loop = self._world.chance.random, self._world.loop
        copies = 2 if self._network.doubles and random() < self._network.doubles else 1
        for copy in range(copies):
            loop.call_later(self._world.chance.latency() * (1 + 20 * copy * random()), self._arrive, handle)

    def abandon(self) -> None:
        """The client drops the request and closes the connection."""
        self._done = None
        if not self._is_lost():
            for abandon in self._abandons:
                self._world.loop.call_later(self._world.chance.latency(), abandon)

    def _arrive(self, handle: Callable[[SimulatedNode, Answered], Callable[[], object] | None]) -> None:
        if self._is_lost():
            return None
        node = self._network.pick_node()
        if node is None:
            return self._answered(0, b"")
        abandon = handle(node, self._answered)
        if abandon is not None:
            self._abandons.append(abandon)
            if self._done is None:
                abandon()
        return None

    def _answered(self, status: int, body: bytes) -> None:
        if not self._is_lost():
            self._world.loop.call_later(self._world.chance.latency(), self._finish, status, body)

    def _finish(self, status: int, body: bytes) -> None:
        done, self._done = self._done, None
        if done is not None and self._client.is_alive:
            done(status, msgspec.json.decode(body) if body else {})

    def _is_lost(self) -> bool:
        network = self._network
        return self._client.name in network.offline or (
            network.loses > 0 and self._world.chance.random() < network.loses
        )
