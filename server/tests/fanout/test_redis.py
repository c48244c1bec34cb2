"""The Redis bus on real servers: the shared suite, and what happens when Redis goes away."""

import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from redis.asyncio import Redis
from redis.asyncio.client import PubSub

from backchannel.fanout import bus_metrics
from backchannel.fanout.bus import Bus
from backchannel.fanout.redis import RedisBus
from tests.fanout.bus_suite import BusSuite, started, wait_up

sys.path.append(str(Path(__file__).parents[3] / "tools"))
import services


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with ExitStack() as held:
        yield os.environ.get("BACKCHANNEL_TEST_REDIS_URL") or held.enter_context(services.redis())


class TestRedisBus(BusSuite):
    @pytest.fixture(autouse=True)
    def _url(self, url: str) -> None:
        self.urls: tuple[str, ...] = (url,)

    def make(self) -> Bus:
        return RedisBus(self.urls)

    def test_two_nodes_receive_each_others_messages(self) -> None:
        async def main() -> None:
            async with started(self.make()) as one, started(self.make()) as two:
                for node in (one, two):
                    await wait_up(node.bus)
                    node.bus.subscribe("room:1")
                    await node.bus.wait_subscribed()
                one.bus.publish("room:1", b"hello")
                for node in (one, two):
                    await node.wait(partial(node.has_received, b"hello"))

        asyncio.run(main())


class TestSeveralRedisServers(TestRedisBus):
    @pytest.fixture(autouse=True)
    def _url(self, url: str) -> Iterator[None]:
        with services.redis() as second:
            self.urls = (url, second)
            yield

    def test_topics_are_spread_over_several_servers_and_all_are_delivered(self) -> None:
        async def main() -> None:
            async with started(self.make()) as node:
                await wait_up(node.bus)
                topics = [f"room:{number}" for number in range(50)]
                for topic in topics:
                    node.bus.subscribe(topic)
                await node.bus.wait_subscribed()
                for topic in topics:
                    node.bus.publish(topic, topic.encode())
                await node.wait(lambda: len(node.received) == 50)
                assert sorted(node.received) == sorted(topic.encode() for topic in topics)

        asyncio.run(main())


def test_a_reconnect_renews_all_subscriptions_and_is_reported() -> None:
    async def main() -> None:
        with ExitStack() as first:
            url = first.enter_context(services.redis())
            bus = RedisBus((url,))
            async with started(bus) as node:
                await wait_up(bus)
                bus.subscribe("room:1")
                await bus.wait_subscribed()
                await node.wait(lambda: node.reconnections == 1)
                first.close()
                while True:  # until the loss is noticed; publishing and subscribing do not wait for it
                    bus.publish("room:1", b"lost")
                    bus.subscribe("room:2")
                    try:
                        await bus.check()
                    except ConnectionError:
                        break
                    await asyncio.sleep(0.05)
                with services.redis(urlsplit(url).port):
                    await node.wait(lambda: node.reconnections == 2)
                    await bus.wait_subscribed()
                    bus.publish("room:1", b"one")
                    bus.publish("room:2", b"two")
                    await node.wait(lambda: node.received[-2:] == [b"one", b"two"])

    asyncio.run(main())


def test_a_connection_on_which_the_server_stays_silent_is_replaced(url: str) -> None:
    silent: list[asyncio.StreamWriter] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(silent) < 4:  # the first two of the subscribing and of the publishing connection
            silent.append(writer)
            return
        there, back = await asyncio.open_connection(urlsplit(url).hostname, urlsplit(url).port)
        await asyncio.gather(_copy(reader, back), _copy(there, writer))

    async def main() -> None:
        async with await asyncio.start_server(take, "127.0.0.1", 0) as server:
            host, port = server.sockets[0].getsockname()
            async with started(RedisBus((f"redis://{host}:{port}",), silence_s=0.3)) as node:
                node.bus.subscribe("room:1")
                node.bus.publish("room:1", b"lost")
                await wait_up(node.bus)
                await node.bus.wait_subscribed()
                node.bus.publish("room:1", b"received")
                await node.wait(lambda: b"received" in node.received)
            for writer in silent:
                writer.close()

    asyncio.run(main())


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(4096):
            writer.write(data)
    writer.close()


def test_a_cancellation_swallowed_by_the_library_does_not_keep_a_node_off_the_bus(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe, calls = PubSub.subscribe, 0

    async def lose_the_second(pubsub: PubSub, *channels: bytes) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            with suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
        await subscribe(pubsub, *channels)

    monkeypatch.setattr(PubSub, "subscribe", lose_the_second)

    async def main() -> None:
        async with started(RedisBus((url,))) as node:
            await wait_up(node.bus)
            node.bus.subscribe("room:1")  # hangs
            while calls < 2:  # noqa: ASYNC110 (the library has no event for it)
                await asyncio.sleep(0)
            async with Redis.from_url(url) as other:
                await other.client_kill_filter(_type="pubsub")
            await node.wait(lambda: node.reconnections == 2)
            await node.bus.wait_subscribed()
            node.bus.publish("room:1", b"received")
            await node.wait(lambda: node.received == [b"received"])

    asyncio.run(main())


async def wait_for(condition: Callable[[], bool]) -> None:
    """Of what nothing is delivered for."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def test_batches_and_broken_connections_are_counted(url: str) -> None:
    def batches() -> float:
        return next(
            each.value for each in next(iter(bus_metrics.seconds.collect())).samples if each.name.endswith("_count")
        )

    def broken() -> dict[str, float]:
        samples = next(iter(bus_metrics.errors.collect())).samples
        return {each.labels["role"]: each.value for each in samples if each.name.endswith("_total")}

    async def main() -> None:
        before, broken_before = batches(), broken()
        async with started(RedisBus((url,))) as node:
            await wait_up(node.bus)
            node.bus.subscribe("room:1")
            await node.bus.wait_subscribed()
            node.bus.publish("room:1", b"hello")
            await wait_for(lambda: batches() > before)
        async with started(RedisBus((f"redis://127.0.0.1:{services.free_port()}",))) as node:

            def both_broke() -> bool:
                # The publisher connects to publish.
                node.bus.publish("room:1", b"lost")
                return all(count > broken_before[role] for role, count in broken().items())

            await wait_for(both_broke)

    asyncio.run(main())


def test_without_a_server_publishing_and_subscribing_neither_block_nor_raise() -> None:
    async def main() -> None:
        port = services.free_port()
        async with started(RedisBus((f"redis://127.0.0.1:{port}",))) as node:
            node.bus.subscribe("room:1")
            for _ in range(20_000):
                node.bus.publish("room:1", b"lost")
            await node.bus.wait_subscribed()
            with pytest.raises(ConnectionError):
                await node.bus.check()
            assert node.received == []

    asyncio.run(main())
