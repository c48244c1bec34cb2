"""The port between processes. A doorbell that carries the bytes, never a store: what it loses is found again by number."""

from collections.abc import Callable
from typing import Protocol

Deliver = Callable[[bytes], None]
Reconnected = Callable[[], None]


class Bus(Protocol):
    """Implementations: `MemoryBus` (one process), `RedisBus` (many). One acceptance suite runs over all of them."""

    async def start(self, deliver: Deliver, reconnected: Reconnected) -> None:
        """Begin to call `deliver(body)` on the event loop for what is published on topics subscribed to.

        `reconnected()` is called when the bus may have lost something and carries again: look for what was missed.
        """

    async def stop(self) -> None:
        """Deliver nothing more."""

    def publish(self, topic: str, body: bytes) -> None:
        """Send to every process that listens, this one included, in order per topic. Never waits, never raises."""

    def subscribe(self, topic: str) -> None:
        """Counted: listens until `unsubscribe` was called as often. In force once `wait_subscribed` returned."""

    def unsubscribe(self, topic: str) -> None: ...

    async def wait_subscribed(self) -> None:
        """Return when everything subscribed to so far is in force, or after a moment where the bus is down."""

    async def check(self) -> None:
        """Raise where the bus does not carry at present."""
