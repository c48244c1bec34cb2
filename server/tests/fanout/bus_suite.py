"""The contract of every bus. The test file of an implementation subclasses `BusSuite` and overrides `make`."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from backchannel.fanout.bus import Bus

MakeBus = Callable[[], Bus]


class Receiver:
    """A node on the bus: `received` has what was delivered to it, in order."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.received: list[bytes] = []
        self.reconnections = 0
        self._news = asyncio.Event()

    def deliver(self, body: bytes) -> None:
        self.received.append(body)
        self._news.set()

    def reconnected(self) -> None:
        self.reconnections += 1
        self._news.set()

    def has_received(self, *bodies: bytes) -> bool:
        """Whether it has received exactly these."""
        return self.received == [*bodies]

    async def wait(self, until: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not until():
                self._news.clear()
                await self._news.wait()


@asynccontextmanager
async def started(bus: Bus) -> AsyncIterator[Receiver]:
    node = Receiver(bus)
    await bus.start(node.deliver, node.reconnected)
    try:
        yield node
    finally:
        await bus.stop()


async def wait_up(bus: Bus) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                return await bus.check()
            except ConnectionError:
                await asyncio.sleep(0.02)


class BusSuite:
    def make(self) -> Bus:
        raise NotImplementedError

    def run(self, scenario: Callable[[Receiver], Awaitable[None]]) -> None:
        async def main() -> None:
            async with started(self.make()) as node:
                await wait_up(node.bus)
                await scenario(node)

        asyncio.run(main())

    def test_a_topic_is_delivered_in_order_each_message_once(self) -> None:
        async def scenario(node: Receiver) -> None:
            node.bus.subscribe("room:1")
            await node.bus.wait_subscribed()
            said = [b"%d" % number for number in range(1000)]
            for body in said:
                node.bus.publish("room:1", body)
            await node.wait(lambda: len(node.received) >= 1000)
            assert node.received == said

        self.run(scenario)

    def test_only_subscribed_topics_are_delivered(self) -> None:
        async def scenario(node: Receiver) -> None:
            node.bus.subscribe("room:1")
            await node.bus.wait_subscribed()
            node.bus.publish("room:11", b"not mine")
            node.bus.publish("user:1", b"not mine")
            node.bus.publish("room:1", b"mine")
            await node.wait(lambda: bool(node.received))
            assert node.received == [b"mine"]

        self.run(scenario)

    def test_a_topic_is_delivered_until_every_subscription_has_ended(self) -> None:
        async def scenario(node: Receiver) -> None:
            for _ in range(2):
                node.bus.subscribe("room:1")
            node.bus.subscribe("end")
            node.bus.unsubscribe("room:1")
            await node.bus.wait_subscribed()
            node.bus.publish("room:1", b"still")
            await node.wait(lambda: node.received == [b"still"])
            node.bus.unsubscribe("room:1")
            node.bus.publish("end", b"mark")
            await node.wait(lambda: b"mark" in node.received)
            node.bus.subscribe("again")
            await node.bus.wait_subscribed()
            node.bus.publish("room:1", b"left")
            node.bus.publish("again", b"after")
            await node.wait(lambda: b"after" in node.received)
            assert b"left" not in node.received

        self.run(scenario)

    def test_the_last_of_quick_subscriptions_and_unsubscriptions_counts(self) -> None:
        async def scenario(node: Receiver) -> None:
            for _ in range(20):
                node.bus.subscribe("room:1")
                node.bus.unsubscribe("room:1")
            node.bus.subscribe("room:1")
            await node.bus.wait_subscribed()
            node.bus.publish("room:1", b"here")
            await node.wait(lambda: node.received == [b"here"])

        self.run(scenario)

    def test_a_message_published_during_a_delivery_is_delivered_after_it(self) -> None:
        async def scenario(node: Receiver) -> None:
            node.bus.subscribe("room:1")
            await node.bus.wait_subscribed()
            deliver = node.deliver

            def answer(body: bytes) -> None:
                deliver(body)
                if body == b"ask":
                    node.bus.publish("room:1", b"answer")
                    assert node.received[-1] == b"ask", "delivered inside `publish`"

            await node.bus.stop()
            await node.bus.start(answer, node.reconnected)
            await wait_up(node.bus)
            await node.bus.wait_subscribed()
            node.bus.publish("room:1", b"ask")
            await node.wait(lambda: node.received == [b"ask", b"answer"])

        self.run(scenario)

    def test_any_bytes_arrive_unchanged(self) -> None:
        async def scenario(node: Receiver) -> None:
            body = bytes(range(256)) * 300
            node.bus.subscribe("room:1")
            await node.bus.wait_subscribed()
            node.bus.publish("room:1", body)
            node.bus.publish("room:1", b"")
            await node.wait(lambda: len(node.received) == 2)
            assert node.received == [body, b""]

        self.run(scenario)

    def test_publishing_before_start_and_after_stop_raises_nothing(self) -> None:
        async def scenario() -> None:
            bus = self.make()
            bus.publish("room:1", b"early")
            async with started(bus):
                await wait_up(bus)
            bus.publish("room:1", b"late")

        asyncio.run(scenario())
