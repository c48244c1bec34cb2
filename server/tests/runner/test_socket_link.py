"""WebSockets over real sockets: the opening handshake, writes, flow control, and the close."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from backchannel.protocol.frame_batch import AnswerBatch, FrameBatch, batches_of
from backchannel.runner.websocket.protocol import FRAME_BURST
from backchannel.runner.websocket.server import make_websocket
from backchannel.runner.websocket.socket_link import HIGH_WATER
from backchannel.store.log import BATCH
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
    fields = {**UPGRADE, **{name.replace("_", "-"): value for name, value in headers.items()}}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items() if value is not None)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


class Recorder:
    """A peer that records the calls of its link."""

    def __init__(self) -> None:
        self.link: Any = None
        self.messages: list[tuple[bytes, bool]] = []
        self.is_behind = False
        self.over: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def open(self, link: Any) -> None:
        self.link = link

    def message_received(self, message: bytes, *, is_text: bool) -> None:
        self.messages.append((message, is_text))

    def fell_behind(self) -> None:
        self.is_behind = True

    def lost(self, code: int) -> None:
        self.over.set_result(code)


class Server:
    """The runner's WebSocket on a port of its own, in this loop; every socket's peer is in `peers`."""

    def __init__(self) -> None:
        self.port = 0
        self.state = ServerState()
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

    async def response(self, request: bytes) -> bytes:
        """The response: its head for a 101, else everything up to the end of the connection."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(request)
        try:
            return await reader.readuntil(b"\r\n\r\n") + (await reader.read() if b"101" not in request else b"")
        finally:
            writer.close()

    async def dial(self, receive_buffer: int = 4096) -> tuple[socket.socket, Recorder]:
        """A client with a small receive buffer, which reads nothing by itself."""
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
    state = it.state
    listening = socket.create_server(("127.0.0.1", 0))
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8 * 1024)
    made = await asyncio.get_running_loop().create_server(
        lambda: make_websocket(config, state, {"from": "lifespan"}), sock=listening
    )
    it.port = listening.getsockname()[1]
    try:
        yield it
    finally:
        made.close()
        for each in list(state.connections):
            each.transport.abort()
        await until(lambda: not state.connections)


async def test_the_handshake_is_an_asgi_call_that_ends_when_a_peer_is_attached(server: Server) -> None:
    client, _ = await server.dial()
    scope = server.scopes[0]
    assert (scope["type"], scope["path"], scope["state"]) == ("websocket", "/", {"from": "lifespan"})
    assert dict(scope["headers"])[b"sec-websocket-version"] == b"13"
    assert not server.state.tasks
    client.close()


@pytest.mark.parametrize(
    ("sent", "status", "word"),
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
async def test_a_refused_handshake_gets_an_http_response_and_no_socket(
    server: Server, sent: bytes, status: int, word: bytes
) -> None:
    response = await server.response(sent)
    assert response.startswith(b"HTTP/1.1 %d " % status)
    assert b"connection: close" in response
    assert response.endswith(word) or word in response
    if status in {400, 426}:  # from the server, not from the application
        assert b"application/problem+json" in response
        assert b"x-content-type-options: nosniff" in response
    assert server.peers == []
    await until(lambda: not server.state.connections)


async def test_a_client_that_reads_nothing_costs_a_bounded_amount_and_is_cut_off(server: Server) -> None:
    client, peer = await server.dial()
    sent = 0
    while not peer.is_behind:
        peer.link.send(FrameBatch(b'"' + b"x" * 2000 + b'"', 1))
        sent += 1
        outbound = peer.link._protocol.outbound
        held = outbound._bytes if outbound else 0
        assert held <= BYTES_BEHIND + 2 * 2100
        assert peer.link.transport.get_write_buffer_size() <= HIGH_WATER + 2100
        assert sent < 10_000
        await asyncio.sleep(0)
    peer.link.close(4408, "behind", drop=True)
    peer.link.send(FrameBatch(b"1", 1))
    assert not peer.link._protocol.outbound
    assert await peer.over == 4408
    assert not server.state.connections
    client.close()


async def test_an_answer_that_the_transport_holds_does_not_count_as_being_behind(server: Server) -> None:
    client, peer = await server.dial()
    peer.link.send_soon(AnswerBatch(b'"' + b"x" * 2 * BYTES_BEHIND + b'"', 1))
    await asyncio.sleep(0)
    assert peer.link.transport.get_write_buffer_size() > BYTES_BEHIND
    for _ in range(FRAMES_BEHIND):
        peer.link.send(FrameBatch(b"1", 1))
        await asyncio.sleep(0)
    assert not peer.is_behind
    client.close()


async def test_a_client_that_reads_nothing_for_a_moment_is_not_cut_off_by_what_one_turn_brings(server: Server) -> None:
    client, peer = await server.dial()
    peer.link.transport.write(b"\x89\x00" * 500_000)  # pings
    assert peer.link._protocol.is_paused
    for _ in range(3):
        peer.link.send(FrameBatch(b",".join([b"1"] * BATCH), BATCH))
    is_behind = [peer.is_behind]
    await asyncio.sleep(0)
    peer.link.send(FrameBatch(b"1", 1))
    is_behind.append(peer.is_behind)
    assert is_behind == [False, True]
    client.close()


async def test_batches_held_back_arrive_in_order_when_the_client_reads_again(server: Server) -> None:
    client, peer = await server.dial()
    frames = [b'{"n":%d,"x":"%b"}' % (number, b"x" * 2000) for number in range(400)]
    peer.link.send_catch_up(batches_of(frames[:300]))
    assert peer.link._protocol.is_paused
    for frame in frames[300:340]:
        peer.link.send(FrameBatch(frame, 1))
    assert not peer.is_behind
    received: list[int] = []

    async def read() -> None:
        loop, data = asyncio.get_running_loop(), b""
        while len(received) < 400:
            data += await loop.sock_recv(client, 65536)
            while (message := whole(data)) is not None:
                payload, data = message
                frames = json.loads(payload)
                received.extend(each["n"] for each in (frames if isinstance(frames, list) else [frames]))

    reading = asyncio.ensure_future(read())
    await until(lambda: peer.link._protocol.outbound is None)
    for frame in frames[340:]:
        peer.link.send(FrameBatch(frame, 1))
    await reading
    assert received == list(range(400))
    client.close()


class Writes:
    """A transport that records its writes and passes them on."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self.made: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.made.append(data)
        self._transport.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


async def test_answers_and_the_next_batch_are_one_write(server: Server) -> None:
    client, peer = await server.dial()
    peer.link.transport = writes = Writes(peer.link.transport)
    for answer in (b"0", b"1"):
        peer.link.send_soon(FrameBatch(answer, 1))
    assert writes.made == []
    peer.link.send(FrameBatch(b"2", 1))
    peer.link.send(FrameBatch(b"3", 1))
    assert writes.made == [b"\x81\x010\x81\x011\x81\x012", b"\x81\x013"]
    assert await asyncio.get_running_loop().sock_recv(client, 100) == b"\x81\x010\x81\x011\x81\x012\x81\x013"
    client.close()


async def test_an_answer_that_nothing_follows_leaves_in_the_next_turn_of_the_loop(server: Server) -> None:
    client, peer = await server.dial()
    peer.link.send_soon(FrameBatch(b"1", 1))
    await asyncio.sleep(0)
    assert await asyncio.get_running_loop().sock_recv(client, 100) == b"\x81\x011"
    client.close()


@pytest.mark.parametrize("drop", [False, True])
async def test_an_answer_leaves_before_the_close_that_follows_it(server: Server, *, drop: bool) -> None:
    client, peer = await server.dial()
    peer.link.send_soon(FrameBatch(b"1", 1))
    peer.link.close(4400, "", drop=drop)
    await asyncio.sleep(0.01)
    assert await asyncio.get_running_loop().sock_recv(client, 100) == b"\x81\x011\x88\x02\x110"
    client.close()


async def test_an_answer_keeps_its_place_while_the_client_reads_nothing(server: Server) -> None:
    client, peer = await server.dial()
    peer.link.send_soon(FrameBatch(b'{"n":0}', 1))
    peer.link.transport.write(b"\x89\x00" * 500_000)  # pings
    assert peer.link._protocol.is_paused
    for number in range(1, 4):
        peer.link.send_soon(FrameBatch(b'{"n":%d}' % number, 1))
    received = b""
    while received.count(b'"n"') < 4:
        received += await asyncio.get_running_loop().sock_recv(client, 65536)
    assert received.replace(b"\x89\x00", b"") == b'\x81\x07{"n":0}\x81\x19[{"n":1},{"n":2},{"n":3}]'
    client.close()


async def test_a_client_that_pings_and_does_not_read_is_owed_one_pong(server: Server) -> None:
    client, peer = await server.dial()
    peer.link.send_catch_up([FrameBatch(b'"' + b"x" * 1_000_000 + b'"', 1)])
    await until(lambda: peer.link._protocol.is_paused)
    size = peer.link.transport.get_write_buffer_size()
    for number in range(500):
        await asyncio.get_running_loop().sock_sendall(client, client_frame(9, b"%d" % number))
    await until(lambda: peer.link._protocol._pong == b"\x8a\x03499")
    assert peer.link.transport.get_write_buffer_size() <= size
    assert size > HIGH_WATER
    client.close()


FLOODS = {
    "pings": client_frame(9, b""),
    "pongs": client_frame(10, b"x"),
    "empty fragments": client_frame(0, b"", fin=False),
    "fragments": client_frame(0, b"x", fin=False),
    "messages after a close": client_frame(1, b""),
}


@pytest.mark.parametrize("kind", FLOODS)
async def test_frames_of_every_kind_are_counted_and_a_flood_of_them_ends_the_connection(
    server: Server, kind: str
) -> None:
    client, peer = await server.dial(1 << 20)
    loop = asyncio.get_running_loop()
    if "fragments" in kind:
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
    assert await peer.over == code


async def test_messages_are_received_up_to_the_close_which_is_echoed(server: Server) -> None:
    client, peer = await server.dial()
    loop = asyncio.get_running_loop()
    sent = client_frame(1, b"one") + client_frame(2, b"two") + client_frame(8, b"\x0f\xa0bye") + client_frame(1, b"x")
    await loop.sock_sendall(client, sent)
    assert await peer.over == 4000
    assert peer.messages == [(b"one", True), (b"two", False)]
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
    """The first text message in bytes of a server, and the bytes after it."""
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
