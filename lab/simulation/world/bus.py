"""The bus between nodes, with faults: it loses, delays, doubles and reorders, and disconnects nodes for a while.

The promise of the port is kept, and no more: what one node publishes on a topic arrives in order, unless the world says
otherwise (`reorders`: two servers, or a node whose loop was busy).
"""

from collections import Counter

from backchannel.fanout.bus import Deliver, Reconnected
from lab.simulation.loop import Loop
from lab.simulation.world.chance import Chance

SUBSCRIBED_WITHIN_S = 1.0


class Broker:
    """Rates are probabilities for each published envelope and each listener."""

    def __init__(self, loop: Loop, chance: Chance) -> None:
        self.loop = loop
        self.chance = chance
        self.loses = 0.0
        self.doubles = 0.0
        self.reorders = 0.0
        self.is_down = False
        self.cut_off: set[int] = set()
        self.buses: list[SimulatedBus] = []

    def carries(self, bus: "SimulatedBus") -> bool:
        return not self.is_down and bus.number not in self.cut_off

    def publish(self, source: "SimulatedBus", topic: str, body: bytes) -> None:
        if not self.carries(source):
            return
        random = self.chance.random
        for bus in self.buses:
            if topic in bus.in_force and self.carries(bus):
                if self.loses and random() < self.loses:
                    continue
                copies = 2 if self.doubles and random() < self.doubles else 1
                for _ in range(copies):
                    bus.carry(topic, body, late=self.reorders > 0 and random() < self.reorders)

    def interrupt(self, numbers: set[int] | None) -> None:
        """Disconnect these nodes (None: all)."""
        if numbers is None:
            self.is_down = True
        else:
            self.cut_off |= numbers
        for bus in self.buses:
            if not self.carries(bus):
                bus.in_force.clear()

    def heal(self) -> None:
        """Reconnect the nodes one by one, after a while; they subscribe again."""
        away = [bus for bus in self.buses if not self.carries(bus)]
        self.is_down = False
        self.cut_off.clear()
        self.loses = self.doubles = self.reorders = 0.0
        for bus in away:
            self.loop.call_later(self.chance.random() * 2, bus.reconnect)


class SimulatedBus:
    """Implements the port `Bus` for one node."""

    def __init__(self, broker: Broker, number: int) -> None:
        self.number = number
        self.in_force: set[str] = set()
        self._broker = broker
        self.listening: Counter[str] = Counter()
        self._deliver: Deliver | None = None
        self._reconnected: Reconnected = lambda: None
        self._arrived_until = 0.0
        self._changed_until = 0.0

    async def start(self, deliver: Deliver, reconnected: Reconnected) -> None:
        self._deliver, self._reconnected = deliver, reconnected
        self._broker.buses.append(self)

    async def stop(self) -> None:
        self.die()

    def die(self) -> None:
        self._deliver = None
        if self in self._broker.buses:
            self._broker.buses.remove(self)

    def publish(self, topic: str, body: bytes) -> None:
        if self._deliver is not None:
            self._broker.publish(self, topic, body)

    def subscribe(self, topic: str) -> None:
        self.listening[topic] += 1
        if self.listening[topic] == 1:
            self._later(topic)

    def unsubscribe(self, topic: str) -> None:
        self.listening[topic] -= 1
        if self.listening[topic] <= 0:
            del self.listening[topic]
            self._later(topic)

    async def wait_subscribed(self) -> None:
        wanted = set(self.listening)
        loop = self._broker.loop
        deadline = loop.now + SUBSCRIBED_WITHIN_S
        while not wanted <= self.in_force and loop.now < deadline and self._deliver is not None:
            future = loop.create_future()
            loop.call_later(0.01, lambda future=future: future.done() or future.set_result(None))
            await future
            wanted &= self.listening.keys()

    async def check(self) -> None:
        if not self._broker.carries(self):
            raise ConnectionError("the bus is away")

    def reconnect(self) -> None:
        if self._deliver is not None and self._broker.carries(self):
            self.in_force = set(self.listening)
            self._reconnected()

    def carry(self, topic: str, body: bytes, *, late: bool) -> None:
        chance, loop = self._broker.chance, self._broker.loop
        at = loop.now + chance.bus_delay()
        if late:
            at += chance.random() * 0.5
        else:
            at = self._arrived_until = max(at, self._arrived_until)
        loop.call_at(at, self._arrive, topic, body)

    def _arrive(self, topic: str, body: bytes) -> None:
        if self._deliver is not None and topic in self.listening:
            self._deliver(body)

    def _later(self, topic: str) -> None:
        """A subscription takes effect a moment later, in the order of the requests."""
        loop = self._broker.loop
        self._changed_until = max(self._changed_until, loop.now + self._broker.chance.bus_delay())
        loop.call_at(self._changed_until, self._change, topic)

    def _change(self, topic: str) -> None:
        if topic not in self.listening:
            self.in_force.discard(topic)
        elif self._broker.carries(self):
            self.in_force.add(topic)
