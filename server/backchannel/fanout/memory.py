"""The bus of a single process: what is published is delivered at once, in order."""

from collections import Counter, deque

from backchannel.fanout.bus import Deliver, Reconnected


class MemoryBus:
    def __init__(self) -> None:
        self._deliver: Deliver | None = None
        self._topics: Counter[str] = Counter()
        self._waiting: deque[tuple[str, bytes]] = deque()
        self._delivering = False

    async def start(self, deliver: Deliver, reconnected: Reconnected) -> None:
        self._deliver = deliver

    async def stop(self) -> None:
        self._deliver = None

    def publish(self, topic: str, body: bytes) -> None:
        self._waiting.append((topic, body))
        if self._delivering:  # published by a receiver: after what is being delivered
            return
        self._delivering = True
        try:
            while self._waiting:
                topic, body = self._waiting.popleft()
                if self._deliver is not None and self._topics[topic]:
                    self._deliver(body)
        finally:
            self._delivering = False

    def subscribe(self, topic: str) -> None:
        self._topics[topic] += 1

    def unsubscribe(self, topic: str) -> None:
        self._topics[topic] -= 1
        if self._topics[topic] <= 0:
            del self._topics[topic]

    async def wait_subscribed(self) -> None:
        """Subscriptions are in force at once."""

    async def check(self) -> None:
        """The bus always carries."""
