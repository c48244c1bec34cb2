"""The port between processes. A doorbell that carries the bytes, never a store: what it loses is found again by number."""

from collections.abc import Callable
from typing import Protocol

Deliver = Callable[[bytes], None]


class Bus(Protocol):
    """Implementations: `MemoryBus` (one process). One acceptance suite, `tests/fanout/bus_suite.py`, runs over all of them."""

    async def start(self, deliver: Deliver) -> None:
        """Begin to call `deliver(body)` on the event loop for what is published on topics subscribed to."""

    async def stop(self) -> None:
        """Deliver nothing more."""

    def publish(self, topic: str, body: bytes) -> None:
        """Send to every process that listens, this one included, in order per topic. Never waits, never raises."""

    def subscribe(self, topic: str) -> None:
        """Counted: listens until `unsubscribe` was called as often."""

    def unsubscribe(self, topic: str) -> None: ...
