"""The bus between nodes, on a real server: the shared suite, and what happens when that server goes away."""

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from redis.asyncio import Redis
from redis.asyncio.client import PubSub

from backchannel.fanout.bus import Bus
from backchannel.fanout.redis import RedisBus
from tests.fanout.bus_suite import BusSuite, listening, wait_up

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

    def test_two_processes_receive_each_others_messages(self) -> None:
        async def play() -> None:
            async with listening(self.make()) as one, listening(self.make()) as two:
                for ear in (one, two):
                    await wait_up(ear.bus)
                    ear.bus.subscribe("room:1")
                    await ear.bus.wait_subscribed()
                one.bus.publish("room:1", b"hello")
                for ear in (one, two):
                    await ear.wait(lambda ear=ear: ear.heard == [b"hello"])

        asyncio.run(play())


class TestSeveralRedisServers(TestRedisBus):
    @pytest.fixture(autouse=True)
    def _url(self, url: str) -> Iterator[None]:  # type: ignore[override]
        with services.redis() as second:
            self.urls = (url, second)
            yield

    def test_topics_are_spread_over_servers_and_all_are_delivered(self) -> None:
        async def play() -> None:
            async with listening(self.make()) as ear:
                await wait_up(ear.bus)
                topics = [f"room:{number}" for number in range(50)]
                for topic in topics:
                    ear.bus.subscribe(topic)
                await ear.bus.wait_subscribed()
                for topic in topics:
                    ear.bus.publish(topic, topic.encode())
                await ear.wait(lambda: len(ear.heard) == 50)
                assert sorted(ear.heard) == sorted(topic.encode() for topic in topics)

        asyncio.run(play())


def test_after_a_reconnect_everything_is_subscribed_again_and_compared() -> None:
    async def play() -> None:
        with ExitStack() as first:
            url = first.enter_context(services.redis())
            bus = RedisBus((url,))
            async with listening(bus) as ear:
                await wait_up(bus)
                bus.subscribe("room:1")
                await bus.wait_subscribed()
                await ear.wait(lambda: ear.reconnections == 1)
                first.close()
                while True:  # it is noticed, and nothing waits for it meanwhile
                    bus.publish("room:1", b"lost")
                    bus.subscribe("room:2")
                    try:
                        await bus.check()
                    except ConnectionError:
                        break
                    await asyncio.sleep(0.05)
                with services.redis(urlsplit(url).port):
                    await ear.wait(lambda: ear.reconnections == 2)
                    await bus.wait_subscribed()
                    bus.publish("room:1", b"one")
                    bus.publish("room:2", b"two")
                    await ear.wait(lambda: ear.heard[-2:] == [b"one", b"two"])

    asyncio.run(play())


def test_a_server_that_accepts_a_connection_and_answers_nothing_is_given_up(url: str) -> None:
    silent: list[asyncio.StreamWriter] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(silent) < 4:  # of the two that hear and say, the first two each
            silent.append(writer)
            return
        there, back = await asyncio.open_connection(urlsplit(url).hostname, urlsplit(url).port)
        await asyncio.gather(_copy(reader, back), _copy(there, writer))

    async def play() -> None:
        async with await asyncio.start_server(take, "127.0.0.1", 0) as server:
            host, port = server.sockets[0].getsockname()
            async with listening(RedisBus((f"redis://{host}:{port}",), silence_s=0.3)) as ear:
                ear.bus.subscribe("room:1")
                ear.bus.publish("room:1", b"nobody hears")
                await wait_up(ear.bus)
                await ear.bus.wait_subscribed()
                ear.bus.publish("room:1", b"heard")
                await ear.wait(lambda: b"heard" in ear.heard)
            for writer in silent:
                writer.close()

    asyncio.run(play())


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(4096):
            writer.write(data)
    writer.close()


def test_a_cancellation_lost_in_the_library_does_not_keep_a_node_off_the_bus(
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

    async def play() -> None:
        async with listening(RedisBus((url,))) as ear:
            await wait_up(ear.bus)
            ear.bus.subscribe("room:1")  # hangs
            while calls < 2:  # noqa: ASYNC110 (the library tells nobody)
                await asyncio.sleep(0)
            async with Redis.from_url(url) as other:
                await other.client_kill_filter(_type="pubsub")
            await ear.wait(lambda: ear.reconnections == 2)
            await ear.bus.wait_subscribed()
            ear.bus.publish("room:1", b"heard")
            await ear.wait(lambda: ear.heard == [b"heard"])

    asyncio.run(play())


def test_without_a_server_nothing_blocks_and_nothing_fails() -> None:
    async def play() -> None:
        port = services.free_port()
        async with listening(RedisBus((f"redis://127.0.0.1:{port}",))) as ear:
            ear.bus.subscribe("room:1")
            for _ in range(20_000):
                ear.bus.publish("room:1", b"nobody hears")
            await ear.bus.wait_subscribed()
            with pytest.raises(ConnectionError):
                await ear.bus.check()
            assert ear.heard == []

    asyncio.run(play())
