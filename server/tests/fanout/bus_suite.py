"""What every bus does. A test file of one implementation subclasses `BusSuite` and gives it its buses."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from backchannel.fanout.bus import Bus

MakeBus = Callable[[], Bus]


class Ear:
    """A process that listens: what its bus delivered, in order."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.heard: list[bytes] = []
        self.reconnections = 0
        self._news = asyncio.Event()

    def deliver(self, body: bytes) -> None:
        self.heard.append(body)
        self._news.set()

    def reconnected(self) -> None:
        self.reconnections += 1
        self._news.set()

    async def wait(self, until: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not until():
                self._news.clear()
                await self._news.wait()


@asynccontextmanager
async def listening(bus: Bus) -> AsyncIterator[Ear]:
    ear = Ear(bus)
    await bus.start(ear.deliver, ear.reconnected)
    try:
        yield ear
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

    def run(self, scene: Callable[[Ear], Awaitable[None]]) -> None:
        async def play() -> None:
            async with listening(self.make()) as ear:
                await wait_up(ear.bus)
                await scene(ear)

        asyncio.run(play())

    def test_a_topic_is_delivered_in_order_each_message_once(self) -> None:
        async def scene(ear: Ear) -> None:
            ear.bus.subscribe("room:1")
            await ear.bus.wait_subscribed()
            said = [b"%d" % number for number in range(1000)]
            for body in said:
                ear.bus.publish("room:1", body)
            await ear.wait(lambda: len(ear.heard) >= 1000)
            assert ear.heard == said

        self.run(scene)

    def test_other_topics_are_not_delivered(self) -> None:
        async def scene(ear: Ear) -> None:
            ear.bus.subscribe("room:1")
            await ear.bus.wait_subscribed()
            ear.bus.publish("room:11", b"not mine")
            ear.bus.publish("user:1", b"not mine")
            ear.bus.publish("room:1", b"mine")
            await ear.wait(lambda: bool(ear.heard))
            assert ear.heard == [b"mine"]

        self.run(scene)

    def test_a_topic_is_delivered_until_unsubscribed_as_often_as_subscribed(self) -> None:
        async def scene(ear: Ear) -> None:
            for _ in range(2):
                ear.bus.subscribe("room:1")
            ear.bus.subscribe("end")
            ear.bus.unsubscribe("room:1")
            await ear.bus.wait_subscribed()
            ear.bus.publish("room:1", b"still")
            await ear.wait(lambda: ear.heard == [b"still"])
            ear.bus.unsubscribe("room:1")
            ear.bus.publish("end", b"mark")
            await ear.wait(lambda: b"mark" in ear.heard)
            ear.bus.subscribe("again")
            await ear.bus.wait_subscribed()
            ear.bus.publish("room:1", b"left")
            ear.bus.publish("again", b"after")
            await ear.wait(lambda: b"after" in ear.heard)
            assert b"left" not in ear.heard

        self.run(scene)

    def test_unsubscribed_and_subscribed_again_is_subscribed(self) -> None:
        async def scene(ear: Ear) -> None:
            for _ in range(20):
                ear.bus.subscribe("room:1")
                ear.bus.unsubscribe("room:1")
            ear.bus.subscribe("room:1")
            await ear.bus.wait_subscribed()
            ear.bus.publish("room:1", b"here")
            await ear.wait(lambda: ear.heard == [b"here"])

        self.run(scene)

    def test_what_a_receiver_publishes_comes_after_what_it_received(self) -> None:
        async def scene(ear: Ear) -> None:
            ear.bus.subscribe("room:1")
            await ear.bus.wait_subscribed()
            hear = ear.deliver

            def answer(body: bytes) -> None:
                hear(body)
                if body == b"ask":
                    ear.bus.publish("room:1", b"answer")
                    assert ear.heard[-1] == b"ask"

            await ear.bus.stop()
            await ear.bus.start(answer, ear.reconnected)
            await wait_up(ear.bus)
            await ear.bus.wait_subscribed()
            ear.bus.publish("room:1", b"ask")
            await ear.wait(lambda: ear.heard == [b"ask", b"answer"])

        self.run(scene)

    def test_any_bytes_arrive_unchanged(self) -> None:
        async def scene(ear: Ear) -> None:
            body = bytes(range(256)) * 300
            ear.bus.subscribe("room:1")
            await ear.bus.wait_subscribed()
            ear.bus.publish("room:1", body)
            ear.bus.publish("room:1", b"")
            await ear.wait(lambda: len(ear.heard) == 2)
            assert ear.heard == [body, b""]

        self.run(scene)

    def test_publishing_before_start_and_after_stop_is_harmless(self) -> None:
        async def scene() -> None:
            bus = self.make()
            bus.publish("room:1", b"early")
            async with listening(bus):
                await wait_up(bus)
            bus.publish("room:1", b"late")

        asyncio.run(scene())
