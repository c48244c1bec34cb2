"""The port between processes. The bus carries events and stores nothing: what it loses is found again by number."""

from collections.abc import Callable
from typing import Protocol

Deliver = Callable[[bytes], None]
Reconnected = Callable[[], None]


class Bus(Protocol):
    """Implementations: `MemoryBus` (one process), `RedisBus` (many). One acceptance suite runs over all of them."""

    async def start(self, deliver: Deliver, reconnected: Reconnected) -> None:
        """Begin to call `deliver(body)` on the event loop for what is published on topics subscribed to.

        `reconnected()` is called when the bus carries again after it may have lost something.
        """

    async def stop(self) -> None:
        """Deliver nothing more."""

    def publish(self, topic: str, body: bytes) -> None:
        """Send to every process that is subscribed, this one included, in order per topic. Never waits, never raises."""

    def subscribe(self, topic: str) -> None:
        """Counted: subscribed until `unsubscribe` was called as often. In force when `wait_subscribed` has returned."""

    def unsubscribe(self, topic: str) -> None: ...

    async def wait_subscribed(self) -> None:
        """Return when all subscriptions so far are in force, or after a short timeout if the bus is down."""

    async def check(self) -> None:
        """Raise if the bus does not carry at present."""
