"""The runner's WebSocket passes every official case of the Autobahn suite, through a link and as standard ASGI."""

import asyncio
import math
import threading
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
import uvicorn

from backchannel.protocol.frame_batch import FrameBatch
from backchannel.runner.http_protocol import GuardedHttpProtocol
from backchannel.runner.listening import listen
from backchannel.runner.websocket.server import make_websocket
from backchannel.transports.websocket.link import EXTENSION
from lab.autobahn.cases import Unavailable, load
from lab.autobahn.peer import Peer

pytestmark = pytest.mark.prove

AT_ONCE = 16
FAILURES = {"FAILED", "WRONG CODE", "UNCLEAN", "FAILED BY CLIENT", "UNIMPLEMENTED"}


class Echo:
    """A peer that sends back every message."""

    def open(self, link: Any) -> None:
        self._link = link

    def message_received(self, message: bytes, *, is_text: bool) -> None:
        if is_text:
            self._link.send_catch_up([FrameBatch(message, 1)])
        else:
            self._link.send_binary(message)

    def fell_behind(self) -> None: ...
    def lost(self, code: int) -> None: ...


async def by_link(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    scope["extensions"][EXTENSION]["attach"](Echo())


async def as_standard_asgi(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({**message, "type": "websocket.send"})


@pytest.fixture(params=[by_link, as_standard_asgi], ids=lambda application: application.__name__)
def port(request: pytest.FixtureRequest) -> Iterator[int]:
    """A server as the runner's, but for the limits of a message's bytes and fragments, which the cases of group 9 exceed."""
    sock = listen("127.0.0.1", 0)
    config = uvicorn.Config(
        request.param,
        loop="uvloop",
        http=GuardedHttpProtocol,
        ws=partial(make_websocket, frame_burst=math.inf),  # type: ignore[arg-type]
        ws_max_size=16 * 1024 * 1024,
        lifespan="off",
        log_config=None,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]})
    thread.start()
    yield int(sock.getsockname()[1])
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> list[type[Any]]:
    try:
        return load(tmp_path_factory.mktemp("cases"))
    except Unavailable as why:
        pytest.fail(str(why))


@pytest.mark.timeout(600)
async def test_every_official_case_passes(port: int, cases: list[type[Any]]) -> None:
    assert len(cases) > 290
    turns = asyncio.Semaphore(AT_ONCE)

    async def run(case: type[Any]) -> str | None:
        async with turns:
            _, peer = await asyncio.get_running_loop().create_connection(lambda: Peer(case), "127.0.0.1", port)
            await peer.over
        done = peer.case
        if FAILURES & {done.behavior, done.behaviorClose}:
            return f"{case.__name__[4:].replace('_', '.')}: {done.behavior}, {done.result}; {done.resultClose}"
        return None

    failures = await asyncio.gather(*(run(case) for case in cases))
    assert [each for each in failures if each] == []
