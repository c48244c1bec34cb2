"""A socket under our own server: what opens it, and what a client costs that takes nothing of what it is told."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from backchannel.protocol.frame_batch import FrameBatch, batches_of
from backchannel.runner.websocket import FRAME_BURST, HIGH_WATER, WebSocketProtocol
from backchannel.transports.websocket.link import EXTENSION
from backchannel.transports.websocket.outbound import BYTES_BEHIND, FRAMES_BEHIND
from tests.runner.test_frame_reader import client_frame

UPGRADE = {
    "Host": "x",
    "Upgrade": "websocket",
    "Connection": "keep-alive, Upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
}


def request(path: str = "/", method: str = "GET", **headers: str | None) -> bytes:
    said = {**UPGRADE, **{name.replace("_", "-"): value for name, value in headers.items()}}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in said.items() if value is not None)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


class Recorder:
    """A peer that writes down what it is told."""

    def __init__(self) -> None:
        self.link: Any = None
        self.heard_messages: list[tuple[bytes, bool]] = []
        self.is_behind = False
        self.over: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def open(self, link: Any) -> None:
        self.link = link

    def heard(self, message: bytes, *, is_text: bool) -> None:
        self.heard_messages.append((message, is_text))

    def fell_behind(self) -> None:
        self.is_behind = True

    def lost(self, code: int) -> None:
        self.over.set_result(code)


class Server:
    """Our protocol class on a port of its own, in this loop; every socket's peer is in `peers`."""

    def __init__(self) -> None:
        self.peers: list[Recorder] = []
        self.scopes: list[Any] = []

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        self.scopes.append(scope)
        assert (await receive())["type"] == "websocket.connect"
        if scope["path"] == "/closed":
            await send({"type": "websocket.close"})
        elif scope["path"] == "/denied":
            await send({"type": "websocket.http.response.start", "status": 401, "headers": [(b"x-why", b"so")]})
            await send({"type": "websocket.http.response.body", "body": b"No.", "more_body": True})
            await send({"type": "websocket.http.response.body", "body": b" No."})
        elif scope["path"] == "/broken":
            raise ValueError
        elif scope["path"] != "/silent":
            await send({"type": "websocket.accept", "subprotocol": None, "headers": [(b"x-and", b"y")]})
            self.peers.append(Recorder())
            scope["extensions"][EXTENSION]["attach"](self.peers[-1])

    async def answer(self, asked: bytes) -> bytes:
        """What comes back, up to the end of the head or of the connection."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(asked)
        try:
            return await reader.readuntil(b"\r\n\r\n") + (await reader.read() if b"101" not in asked else b"")
        finally:
            writer.close()

    async def dial(self, receive_buffer: int = 4096) -> tuple[socket.socket, Recorder]:
        """A client of little room, which takes nothing by itself."""
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        client.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(client, ("127.0.0.1", self.port))
        await loop.sock_sendall(client, request())
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += await loop.sock_recv(client, 1)
        assert head.startswith(b"HTTP/1.1 101 ")
        await until(lambda: self.peers and self.peers[-1].link is not None)
        return client, self.peers[-1]


async def until(true: Callable[[], Any]) -> None:
    while not true():  # noqa: ASYNC110
        await asyncio.sleep(0.001)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    it = Server()
    config = uvicorn.Config(it.app, interface="asgi3", ws_max_size=64 * 1024, log_config=None)
    config.load()
    state = ServerState()
    listening = socket.create_server(("127.0.0.1", 0))
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8 * 1024)
    made = await asyncio.get_running_loop().create_server(
        lambda: WebSocketProtocol(config, state, {"from": "lifespan"}), sock=listening
    )
    it.port = listening.getsockname()[1]
    it.state = state
    try:
        yield it
    finally:
        made.close()
        for each in list(state.connections):
            each._transport.abort()
        await until(lambda: not state.connections)


async def test_the_opening_is_an_asgi_call(server: Server) -> None:
    client, _ = await server.dial()
    scope = server.scopes[0]
    assert (scope["type"], scope["path"], scope["state"]) == ("websocket", "/", {"from": "lifespan"})
    assert dict(scope["headers"])[b"sec-websocket-version"] == b"13"
    assert not server.state.tasks
    client.close()


@pytest.mark.parametrize(
    ("asked", "status", "word"),
    [
        (request("/closed"), 403, b""),
        (request("/denied"), 401, b"No. No."),
        (request("/broken"), 500, b""),
        (request("/silent"), 500, b""),
        (request(method="POST"), 400, b""),
        (request(Host=None), 400, b""),
        (request(Upgrade="h2c"), 426, b"WebSocket"),
        (request(Connection="close"), 426, b""),
        (request(Sec_WebSocket_Version="12"), 426, b"13"),
        (request(Sec_WebSocket_Key=None), 400, b"Key"),
        (request(Sec_WebSocket_Key="short"), 400, b"Key"),
        (request(Sec_WebSocket_Key="AAAAAAAAAAAAAAAAAAAAAA"), 400, b"Key"),
    ],
)
async def test_whoever_is_not_let_in_gets_an_http_answer_and_no_socket(
    server: Server, asked: bytes, status: int, word: bytes
) -> None:
    answer = await server.answer(asked)
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert b"connection: close" in answer
    assert answer.endswith(word) or word in answer
    if status in {400, 426}:  # the server's own, not the application's
        assert b"application/problem+json" in answer
        assert b"x-content-type-options: nosniff" in answer
    assert server.peers == []
    await until(lambda: not server.state.connections)


async def test_a_client_that_takes_nothing_costs_a_bounded_amount_and_is_cut_off(server: Server) -> None:
    client, peer = await server.dial()
    said = 0
    while not peer.is_behind:
        peer.link.send(FrameBatch(b'"' + b"x" * 2000 + b'"', 1))
        said += 1
        held = peer.link._outbound._bytes if peer.link._outbound else 0
        assert held + peer.link._transport.get_write_buffer_size() <= BYTES_BEHIND + 2100
        assert said < 10_000
    peer.link.close(4408, "behind", drop=True)
    peer.link.send(FrameBatch(b"1", 1))
    assert peer.link._outbound is None
    assert await peer.over == 1006
    assert not server.state.connections
    client.close()


async def test_so_many_small_frames_are_too_many(server: Server) -> None:
    client, peer = await server.dial()
    peer.link.send(FrameBatch(b'"' + b"x" * 2_000_000 + b'"', 1))
    assert peer.link._is_paused
    peer.link._outbound = None
    for _ in range(FRAMES_BEHIND):
        peer.link._held().put(FrameBatch(b"1", 1))
    assert not peer.link._held().put(FrameBatch(b"1", 1))
    client.close()


async def test_what_waited_comes_in_order_when_the_client_reads_again(server: Server) -> None:
    client, peer = await server.dial()
    frames = [b'{"n":%d,"x":"%b"}' % (number, b"x" * 2000) for number in range(400)]
    peer.link.send_catch_up(batches_of(frames[:300]))
    assert peer.link._is_paused
    for frame in frames[300:340]:
        peer.link.send(FrameBatch(frame, 1))
    assert not peer.is_behind
    heard: list[int] = []

    async def read() -> None:
        loop, data = asyncio.get_running_loop(), b""
        while len(heard) < 400:
            data += await loop.sock_recv(client, 65536)
            while (message := whole(data)) is not None:
                payload, data = message
                said = json.loads(payload)
                heard.extend(each["n"] for each in (said if isinstance(said, list) else [said]))

    reading = asyncio.ensure_future(read())
    await until(lambda: peer.link._outbound is None)
    assert peer.link._is_clear
    for frame in frames[340:]:
        peer.link.send(FrameBatch(frame, 1))
    await reading
    assert heard == list(range(400))
    client.close()


class Writes:
    """A transport that writes down what it is given, and passes it on."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self.made: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.made.append(data)
        self._transport.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


async def test_an_answer_and_what_is_said_next_are_one_write(server: Server) -> None:
    client, peer = await server.dial()
    peer.link._transport = writes = Writes(peer.link._transport)
    peer.link.send_soon(FrameBatch(b"1", 1))
    assert writes.made == []
    peer.link.send(FrameBatch(b"2", 1))
    peer.link.send(FrameBatch(b"3", 1))
    assert writes.made == [b"\x81\x011\x81\x012", b"\x81\x013"]
    assert await asyncio.get_running_loop().sock_recv(client, 100) == b"\x81\x011\x81\x012\x81\x013"
    client.close()


async def test_an_answer_after_which_nothing_is_said_leaves_in_the_next_turn_of_the_loop(server: Server) -> None:
    client, peer = await server.dial()
    peer.link.send_soon(FrameBatch(b"1", 1))
    await asyncio.sleep(0)
    assert peer.link._is_clear
    assert await asyncio.get_running_loop().sock_recv(client, 100) == b"\x81\x011"
    client.close()


@pytest.mark.parametrize("drop", [False, True])
async def test_an_answer_is_said_before_the_close_that_comes_after_it(server: Server, *, drop: bool) -> None:
    client, peer = await server.dial()
    peer.link.send_soon(FrameBatch(b"1", 1))
    peer.link.close(4400, "", drop=drop)
    await asyncio.sleep(0.01)
    assert await asyncio.get_running_loop().sock_recv(client, 100) == b"\x81\x011\x88\x02\x110"
    client.close()


async def test_an_answer_keeps_its_place_where_the_client_takes_nothing_for_a_while(server: Server) -> None:
    client, peer = await server.dial()
    peer.link.send_soon(FrameBatch(b'{"n":0}', 1))
    peer.link._transport.write(b"\x89\x00" * 500_000)  # pings
    assert peer.link._is_paused
    for number in range(1, 4):
        peer.link.send_soon(FrameBatch(b'{"n":%d}' % number, 1))
    received = b""
    while received.count(b'"n"') < 4:
        received += await asyncio.get_running_loop().sock_recv(client, 65536)
    assert received.replace(b"\x89\x00", b"") == b'\x81\x07{"n":0}\x81\x19[{"n":1},{"n":2},{"n":3}]'
    client.close()


async def test_of_pings_that_nobody_reads_the_answers_of_only_the_last_is_owed(server: Server) -> None:
    client, peer = await server.dial()
    peer.link.send_catch_up([FrameBatch(b'"' + b"x" * 1_000_000 + b'"', 1)])
    await until(lambda: peer.link._is_paused)
    size = peer.link._transport.get_write_buffer_size()
    for number in range(500):
        await asyncio.get_running_loop().sock_sendall(client, client_frame(9, b"%d" % number))
    await until(lambda: peer.link._pong == b"\x8a\x03499")
    assert peer.link._transport.get_write_buffer_size() <= size
    assert size > HIGH_WATER
    client.close()


FLOODS = {
    "pings": client_frame(9, b""),
    "pongs": client_frame(10, b"x"),
    "empty pieces": client_frame(0, b"", fin=False),
    "pieces": client_frame(0, b"x", fin=False),
    "messages after a close": client_frame(1, b""),
}


@pytest.mark.parametrize("kind", FLOODS)
async def test_frames_of_every_kind_are_counted_and_a_flood_of_them_ends_the_connection(
    server: Server, kind: str
) -> None:
    client, peer = await server.dial(1 << 20)
    loop = asyncio.get_running_loop()
    if "pieces" in kind:
        await loop.sock_sendall(client, client_frame(1, b"", fin=False))
    if "close" in kind:
        peer.link.close(4000, "", drop=False)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    with suppress(OSError):
        for _ in range(4):
            await loop.sock_sendall(client, FLOODS[kind] * FRAME_BURST)
    received = b""
    with suppress(ConnectionResetError):
        while piece := await loop.sock_recv(client, 1 << 20):
            received += piece
    assert received.count(b"\x8a") <= 2 * FRAME_BURST
    code = 4000 if "close" in kind else 4429
    assert code.to_bytes(2, "big") in received[-20:]
    client.close()
    assert await peer.over == (1006 if "close" in kind else 4429)


async def test_what_a_client_says_is_heard_up_to_its_close_which_is_answered(server: Server) -> None:
    client, peer = await server.dial()
    loop = asyncio.get_running_loop()
    said = client_frame(1, b"one") + client_frame(2, b"two") + client_frame(8, b"\x0f\xa0bye") + client_frame(1, b"x")
    await loop.sock_sendall(client, said)
    assert await peer.over == 4000
    assert peer.heard_messages == [(b"one", True), (b"two", False)]
    assert await loop.sock_recv(client, 100) == b"\x88\x02\x0f\xa0"
    assert await loop.sock_recv(client, 100) == b""
    client.close()


async def test_a_server_that_stops_closes_with_1012(server: Server) -> None:
    client, peer = await server.dial()
    peer.link.shutdown()
    assert (await asyncio.get_running_loop().sock_recv(client, 100)).startswith(b"\x88\x09\x03\xf4restart")
    client.close()
    assert await peer.over == 1012


def whole(data: bytes) -> tuple[bytes, bytes] | None:
    """The first text of a server's bytes, and what comes after it."""
    if len(data) < 10:
        return None
    length, start = data[1], 2
    if length == 126:
        length, start = int.from_bytes(data[2:4], "big"), 4
    elif length == 127:
        length, start = int.from_bytes(data[2:10], "big"), 10
    if len(data) < start + length:
        return None
    return data[start : start + length], data[start + length :]
