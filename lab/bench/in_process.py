"""What a waiting poll costs within the server's process: bytes into the protocol object, bytes out of it, no kernel between.

    python -m lab.bench.in_process [--polls 1000] [--rounds 10] [--profile]

Each round, every poll is sent and waits, one message is sent to the room of all, and every poll is answered. Prints the µs of the event
loop's CPU for each poll: the least of the rounds and their median, until they wait and until they are answered. `--profile` prints where the
time goes, by cProfile, which makes calls of Python dearer than the rest.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import json
import os
import pstats
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from statistics import median
from typing import Any

from lab.bench.rows.polls import POLL
from lab.bench.servers import LIFTED, NOT_INHERITED, make_world

ANSWERED_WITHIN_S = 20.0


def main(argv: list[str]) -> int:
    """The command line that the module's docstring shows."""
    parser = argparse.ArgumentParser(prog="in_process")
    parser.add_argument("--polls", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="bench-data-") as data:
        settings = {**LIFTED, **NOT_INHERITED, "BACKCHANNEL_DATA": data}
        people = options.polls + 1
        world = make_world(["--people", str(people), "--rooms", str(people)], settings)
        os.environ.update(settings)
        import django
        import uvloop

        django.setup()
        uvloop.run(_measure(world, options))
    return 0


async def _measure(world: dict[str, Any], options: argparse.Namespace) -> None:
    from uvicorn.lifespan.on import LifespanOn

    from backchannel.runner.server import configuration, prepare_collector
    from backchannel.site.asgi import standalone

    config = configuration(standalone(), shutdown_s=5, trusted_proxies=("127.0.0.1",))
    config.load()
    lifespan = LifespanOn(config)
    await lifespan.startup()
    prepare_collector()
    await Rounds(config, world, options.polls).run(options.rounds, profiled=options.profile)
    await lifespan.shutdown()


class Rounds:
    """Clients on transports without a kernel, all in one room; the last of them sends."""

    def __init__(self, config: Any, world: dict[str, Any], polls: int) -> None:
        from uvicorn.server import ServerState

        state = ServerState()
        self._clients = [Client(config, state, token) for token in world["tokens"][: polls + 1]]
        self._pollers, self._sender = self._clients[:-1], self._clients[-1]
        self._room = next(iter(world["rooms"].values()))

    async def run(self, rounds: int, *, profiled: bool) -> None:
        """Two rounds warm up, in which each poll reads."""
        self._seq = (await self._call("GET", f"/api/rooms/{self._room}"))["room"]["seq"]
        self._epoch = (await self._call("GET", "/api/rooms"))["epoch"]
        for poller in self._pollers:
            poller.prepare("POST", "/api/sync", "{}")
            poller.send()
        await _until(lambda: all(poller.answer for poller in self._pollers))
        for poller in self._pollers:
            poller.version = str(json.loads(poller.body)["user_version"])
        for _ in range(2):
            await self._round()
        profile = cProfile.Profile()
        if profiled:
            profile.enable()
        spent = [await self._round() for _ in range(rounds)]
        profile.disable()
        if profiled:
            pstats.Stats(profile).sort_stats("tottime").print_stats(70)
        per_poll = 1e6 / len(self._pollers)
        for name, values in zip(("until they wait", "until answered", "both"), zip(*spent, strict=True), strict=True):
            print(f"{name:>16} {min(values) * per_poll:6.1f} µs at least, {median(values) * per_poll:6.1f} median")

    async def _round(self) -> tuple[float, float, float]:
        from backchannel.transports import metrics

        for poller in self._pollers:
            # Of a constant length, as long as the number of the last message has as many digits.
            body = POLL % (self._epoch,)
            body = (
                body.replace("@VERSION@", poller.version)
                .replace("@ROOM@", str(self._room))
                .replace("@SEQ@", str(self._seq))
            )
            poller.prepare("POST", "/api/sync", body.replace("@NUMBER@", poller.number))
        prepared = time.thread_time()
        for poller in self._pollers:
            poller.send()
        await _until(lambda: next(iter(metrics.polls.collect())).samples[0].value == len(self._pollers))
        waiting = time.thread_time()
        await self._call("POST", f"/api/rooms/{self._room}/messages", {"id": str(uuid.uuid4()), "content": "Hi."})
        await _until(lambda: all(poller.answer for poller in self._pollers))
        answered = time.thread_time()
        assert all(b"message_created" in poller.answer for poller in self._pollers), self._pollers[0].answer
        self._seq += 1
        return waiting - prepared, answered - waiting, answered - prepared

    async def _call(self, method: str, path: str, body: Any = None) -> Any:
        self._sender.prepare(method, path, "" if body is None else json.dumps(body))
        self._sender.send()
        await _until(lambda: bool(self._sender.answer))
        return json.loads(self._sender.body)


class Client(asyncio.Transport):
    """A client and its connection's transport: what the server writes is its answer."""

    count = 0

    def __init__(self, config: Any, state: Any, token: str) -> None:
        super().__init__({"peername": ("127.0.0.1", 40000), "sockname": ("127.0.0.1", 8000)})
        Client.count += 1
        self.number = str(Client.count)
        self.version = "0"
        """Of the user's list of rooms."""
        self.answer = b""
        self._token = token
        self._protocol = config.http_protocol_class(config=config, server_state=state, app_state={})
        self._protocol.connection_made(self)

    def prepare(self, method: str, path: str, body: str) -> None:
        """As the load generator of the bench writes it."""
        self.answer = b""
        self._request = (
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nAccept: application/json\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nAuthorization: Bearer {self._token}\r\n\r\n{body}"
        ).encode()

    @property
    def body(self) -> bytes:
        """Of the answer."""
        return self.answer.partition(b"\r\n\r\n")[2]

    def send(self) -> None:
        """As if it arrived in one piece."""
        self._protocol.data_received(self._request)

    def write(self, data: Any) -> None:
        self.answer += bytes(data)

    def is_closing(self) -> bool:
        return False

    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...
    def close(self) -> None: ...


async def _until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + ANSWERED_WITHIN_S
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError("the server did not answer in time")
        await asyncio.sleep(0.002)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
