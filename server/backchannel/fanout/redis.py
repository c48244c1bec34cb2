"""The bus between nodes: Redis or Valkey pub/sub, several servers by hash of the topic.

    publish ─▶ bounded queue ─▶ one connection: PUBLISH, pipelined        (per server)
    deliver ◀─ one connection: SUBSCRIBE, one channel for each topic      (per server)

No commit and no ack waits for it. While a server is away, events of its topics are found by the periodic comparison with the database,
every few seconds; when it is back, everything is subscribed to again and compared at once. What waits to be published is bounded in
number and age: old events are found in the log.
"""

import asyncio
import random
import time
from collections import Counter, deque
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final
from zlib import crc32

import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from backchannel.fanout import bus_metrics
from backchannel.fanout.bus import Deliver, Reconnected
from backchannel.process_log import ProcessLog

QUEUE_LENGTH: Final = 10_000
"""Messages that wait to be published; more displace the oldest."""
OLDEST_S: Final = 2.0
"""Envelopes that waited longer are not published."""
PIPELINED: Final = 500
TIMEOUT_S: Final = 3.0
"""Limit for connecting, and for a pipeline, in seconds."""
SUBSCRIBED_WITHIN_S: Final = 1.0
"""How long `wait_subscribed` waits at most."""
STOPPED_WITHIN_S: Final = 0.5
"""After which a task that was cancelled is cancelled again."""
SILENCE_S: Final = 10.0
"""A subscription that receives nothing for this long, not even the answer to its own PING, is dead."""
BACKOFF_S: Final = (0.1, 5.0)
"""Before the first reconnect, and at most."""
PREFIX: Final = b"backchannel:"
ALIVE: Final = PREFIX + b"alive"

_log = ProcessLog("backchannel.bus")
_TROUBLE: Final = (RedisError, OSError, asyncio.TimeoutError)


class RedisBus:
    def __init__(self, urls: tuple[str, ...], silence_s: float = SILENCE_S) -> None:
        """`urls`: one for each server, the same list in the same order on every node."""
        self._servers = [_Server(url, silence_s) for url in urls]
        self._topics: Counter[str] = Counter()

    async def start(self, deliver: Deliver, reconnected: Reconnected) -> None:
        for server in self._servers:
            server.start(deliver, reconnected)

    async def stop(self) -> None:
        await asyncio.gather(*(server.stop() for server in self._servers))

    def publish(self, topic: str, body: bytes) -> None:
        self._server(topic).publish(topic, body)

    def subscribe(self, topic: str) -> None:
        self._topics[topic] += 1
        if self._topics[topic] == 1:
            self._server(topic).change(topic, wanted=True)

    def unsubscribe(self, topic: str) -> None:
        self._topics[topic] -= 1
        if self._topics[topic] <= 0:
            del self._topics[topic]
            self._server(topic).change(topic, wanted=False)

    async def wait_subscribed(self) -> None:
        await asyncio.gather(*(server.wait_subscribed() for server in self._servers))

    async def check(self) -> None:
        for server in self._servers:
            await server.check()

    def _server(self, topic: str) -> "_Server":
        return self._servers[crc32(topic.encode()) % len(self._servers)]


class _Server:
    def __init__(self, url: str, silence_s: float) -> None:
        self._url = url
        self._silence_s = silence_s
        self._wanted: set[str] = set()
        """Topics that are to be subscribed to."""
        self._asked: set[str] = set()
        """Topics for which the server was sent SUBSCRIBE."""
        self._unanswered: Counter[bytes] = Counter()
        """Channel → SUBSCRIBEs that are not confirmed."""
        self._confirmed: set[bytes] = set()
        self._missing: dict[bytes, int] = {}
        """Channels that are wanted and not in force yet, oldest first, each with its number in the order of requests. Those lost with
        a connection have 0: everybody who waits, waits for them too."""
        self._requests = 0
        """Channels requested so far."""
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()
        """Callers of `wait_subscribed`, each with the number of requests at that time."""
        self._touched: set[str] = set()
        """Topics that may have changed between `_wanted` and `_asked`."""
        self._changed = asyncio.Event()
        self._outgoing: deque[tuple[float, bytes, bytes]] = deque(maxlen=QUEUE_LENGTH)
        """(time, channel, body)"""
        self._filled = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._up = False

    def start(self, deliver: Deliver, reconnected: Reconnected) -> None:
        self._deliver = deliver
        self._reconnected = reconnected
        self._tasks = [
            asyncio.create_task(self._keep("subscriber", self._listen)),
            asyncio.create_task(self._keep("publisher", self._send)),
        ]

    async def stop(self) -> None:
        await _end(self._tasks)

    def publish(self, topic: str, body: bytes) -> None:
        self._outgoing.append((time.monotonic(), PREFIX + topic.encode(), body))
        self._filled.set()

    def change(self, topic: str, *, wanted: bool) -> None:
        channel = PREFIX + topic.encode()
        if wanted:
            self._wanted.add(topic)
            if channel not in self._confirmed:
                self._requests += 1
                self._missing.setdefault(channel, self._requests)
        else:
            self._wanted.discard(topic)
            self._confirmed.discard(channel)
            self._missing.pop(channel, None)
            self._wake()
        self._touched.add(topic)
        self._changed.set()

    async def wait_subscribed(self) -> None:
        """Return when everything wanted so far is in force. Cheap for thousands of callers: they are woken in order of request."""
        if not self._missing:
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((self._requests, waiter))
        with suppress(TimeoutError):
            async with asyncio.timeout(SUBSCRIBED_WITHIN_S):
                await waiter

    def _wake(self) -> None:
        """Wake the callers that wait for no missing channel any more."""
        oldest = next(iter(self._missing.values()), self._requests + 1)
        while self._waiting and self._waiting[0][0] < oldest:
            _, waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)

    def _in_force(self, channel: bytes) -> None:
        self._confirmed.add(channel)
        self._missing.pop(channel, None)

    def _nothing_in_force(self) -> None:
        self._confirmed.clear()
        self._missing = dict.fromkeys((PREFIX + topic.encode() for topic in self._wanted), 0)

    async def check(self) -> None:
        if not self._up:
            raise ConnectionError("the bus is not connected")

    async def _keep(self, role: str, run: Any) -> None:
        """Run until cancelled; reconnect with full jitter."""
        tries = 0
        while True:
            started = time.monotonic()
            try:
                client = redis.Redis.from_url(
                    self._url,
                    socket_connect_timeout=TIMEOUT_S,
                    socket_timeout=self._silence_s,  # a frozen server accepts a connection and answers nothing
                    socket_keepalive=True,
                    retry=Retry(NoBackoff(), 0),
                )
                async with client:
                    await run(client)
            except _TROUBLE as error:
                bus_metrics.errors.labels(role).inc()
                if time.monotonic() - started > self._silence_s:
                    tries = 0
                if tries == 0:
                    _log.warning("bus_lost", role=role, error=type(error).__name__)
            first, longest = BACKOFF_S
            await asyncio.sleep(random.uniform(0, min(longest, first * 2**tries)))  # noqa: S311
            tries = min(tries + 1, 10)

    # -- receiving

    async def _listen(self, client: "redis.Redis") -> None:
        async with client.pubsub() as pubsub:
            self._touched.clear()
            self._unanswered.clear()
            self._nothing_in_force()
            self._asked = set(self._wanted)
            await self._subscribe(pubsub, [ALIVE, *(PREFIX + topic.encode() for topic in self._asked)])
            changer = asyncio.create_task(self._apply_changes(pubsub))
            try:
                await self._receive(pubsub, changer)
            finally:
                self._up = False
                self._nothing_in_force()
                await _end([changer])

    async def _receive(self, pubsub: Any, changer: "asyncio.Task[None]") -> None:
        """Until the connection breaks, or `changer` ends, without which no subscription can change."""
        while not changer.done():
            message = await pubsub.get_message(timeout=self._silence_s / 2)
            if message is None:
                await pubsub.ping()
                message = await pubsub.get_message(timeout=self._silence_s / 2)
                if message is None:
                    raise TimeoutError
            match message["type"]:
                case "message":
                    self._deliver(message["data"])
                case "subscribe":
                    self._confirm(message["channel"])
                    if message["channel"] == ALIVE:
                        self._up = True
                        _log.info("bus_up")
                        self._reconnected()

    async def _subscribe(self, pubsub: Any, channels: list[bytes]) -> None:
        self._unanswered.update(channels)
        await pubsub.subscribe(*channels)

    def _confirm(self, channel: bytes) -> None:
        """The server confirmed a SUBSCRIBE. A channel that was left and joined again is in force with its last confirmation only, one
        that was left not at all."""
        self._unanswered[channel] -= 1
        if self._unanswered[channel] > 0:
            return
        del self._unanswered[channel]
        if channel in self._missing:
            self._in_force(channel)
            self._wake()

    async def _apply_changes(self, pubsub: Any) -> None:
        """Send the server the changes of what is wanted, many topics at a time."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            touched, self._touched = self._touched, set()
            left = [topic for topic in touched if topic in self._asked and topic not in self._wanted]
            joined = [topic for topic in touched if topic not in self._asked and topic in self._wanted]
            # Left and joined again since the last turn: nothing to send.
            for topic in touched:
                channel = PREFIX + topic.encode()
                if topic in self._asked and topic in self._wanted and not self._unanswered[channel]:
                    self._in_force(channel)
            self._wake()
            self._asked.difference_update(left)
            self._asked.update(joined)
            if left:
                await pubsub.unsubscribe(*(PREFIX + topic.encode() for topic in left))
            if joined:
                await self._subscribe(pubsub, [PREFIX + topic.encode() for topic in joined])

    # -- publishing

    async def _send(self, client: "redis.Redis") -> None:
        while True:
            await self._filled.wait()
            self._filled.clear()
            while self._outgoing:
                too_old = time.monotonic() - OLDEST_S
                oldest = self._outgoing[0][0]
                pipe = client.pipeline(transaction=False)
                for _ in range(min(PIPELINED, len(self._outgoing))):
                    at, channel, body = self._outgoing.popleft()
                    if at >= too_old:
                        pipe.publish(channel, body)
                async with asyncio.timeout(TIMEOUT_S):
                    await pipe.execute()
                bus_metrics.seconds.observe(time.monotonic() - oldest)


async def _end(tasks: "Iterable[asyncio.Task[None]]") -> None:
    """Cancel the tasks, and return when they have ended. Repeated until they have: a cancellation that meets a timeout inside the
    library can be lost."""
    while running := [task for task in tasks if not task.done()]:
        for task in running:
            task.cancel()
        await asyncio.wait(running, timeout=STOPPED_WITHIN_S)
    await asyncio.gather(*tasks, return_exceptions=True)
