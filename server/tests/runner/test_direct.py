"""Requests that are answered by callback, beside those of the application, on one connection."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from functools import partial
from typing import Any

import pytest
import uvicorn

from backchannel.runner.http_protocol import GuardedHttpProtocol
from backchannel.runner.listening import listen
from backchannel.transports.http.exchange import Reply, Taken
from tests.running import wait_until


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Says what it got."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message["body"]
        more = message["more_body"]
    body = b"application: " + body[:20]
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


class Desk:
    """Takes what is sent to /direct, but for the body `refuse`; has `wait` wait."""

    def __init__(self) -> None:
        self.waiting: list[Reply] = []
        self.gone = 0  # clients, while they waited
        self.asked = 0

    def wants(self, scope: Mapping[str, Any]) -> bool:
        return bool(scope["path"] == "/direct")

    def __call__(self, scope: MutableMapping[str, Any], body: bytes, reply: Reply) -> Taken | None:
        self.asked += 1
        if body == b"refuse":
            return None
        if body == b"wait":
            self.waiting.append(reply)
        else:
            say(reply, body)
        return self

    def client_gone(self) -> None:
        self.gone += 1


def say(reply: Reply, body: bytes) -> None:
    said = b"direct: " + body
    reply.answer(200, b"content-length: %d\r\n" % len(said), said)


class Client:
    def __init__(self, port: int) -> None:
        self.connection = socket.create_connection(("127.0.0.1", port), timeout=20)
        self._heard = b""

    def send(self, *bodies: bytes, path: str = "/direct", extra: str = "") -> None:
        """In one piece."""
        head = "POST {} HTTP/1.1\r\nHost: x\r\n{}Content-Length: {}\r\n\r\n"
        self.connection.sendall(b"".join(head.format(path, extra, len(body)).encode() + body for body in bodies))

    def answer(self) -> bytes:
        """The body of the next answer."""
        while b"\r\n\r\n" not in self._heard:
            self._hear()
        head, _, rest = self._heard.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        while len(rest) < length:
            self._hear()
            rest = self._heard.partition(b"\r\n\r\n")[2]
        self._heard = rest[length:]
        return rest[:length]

    def _hear(self) -> None:
        data = self.connection.recv(100_000)
        assert data, "the server hung up"
        self._heard += data


class Place:
    def __init__(self) -> None:
        self.desk = Desk()
        sock = listen("127.0.0.1", 0)
        self.port = sock.getsockname()[1]
        http: Any = partial(GuardedHttpProtocol, direct=self.desk)
        self.server = uvicorn.Server(
            uvicorn.Config(application, http=http, ws="none", lifespan="off", log_config=None, server_header=False)
        )
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(sock)))
        self._thread.start()
        wait_until(lambda: self.server.started)

    async def _serve(self, sock: socket.socket) -> None:
        self.loop = asyncio.get_running_loop()
        await self.server.serve(sockets=[sock])

    def dial(self) -> Client:
        return Client(self.port)

    def end(self, end: Callable[[Reply], None]) -> None:
        """What the next that waits is told, once it waits."""
        wait_until(lambda: self.desk.waiting)
        self.loop.call_soon_threadsafe(end, self.desk.waiting.pop(0))

    def stop(self) -> None:
        self.server.should_exit = True
        self._thread.join()


@pytest.fixture
def place() -> Iterator[Place]:
    it = Place()
    yield it
    it.stop()


def test_what_is_taken_is_answered_and_the_connection_goes_on(place: Place) -> None:
    client = place.dial()
    for body in (b"one", b"two", b"three three", b"refuse", b"four"):
        client.send(body)
        assert client.answer() == (b"application: " if body == b"refuse" else b"direct: ") + body
    client.send(b"one", path="/other")
    assert client.answer() == b"application: one"
    client.send(b"five")
    assert client.answer() == b"direct: five"


def test_the_same_head_again_means_what_it_meant(place: Place) -> None:
    client = place.dial()
    for number in range(10, 30):
        client.send(b"%d" % number)
        assert client.answer() == b"direct: %d" % number
    for body in (b"wait", b"four", b"wait"):
        client.send(body)
        if body == b"wait":
            place.end(lambda reply: say(reply, b"over"))
        assert client.answer() == b"direct: " + (b"over" if body == b"wait" else body)
    client.send(b"refuse")
    assert client.answer() == b"application: refuse"
    client.send(b"wait")
    place.end(lambda reply: say(reply, b"over"))
    assert client.answer() == b"direct: over"
    client.send(b"wait")
    place.end(lambda reply: reply.hand_over(b"other"))
    assert client.answer() == b"application: other"
    assert place.desk.asked == 26


def test_another_head_of_the_same_length_means_something_else(place: Place) -> None:
    client = place.dial()
    for path in ("/direct", "/direct", "/others", "/direct", "/direct", "/others"):
        client.send(b"one", path=path)
        assert client.answer() == (b"direct: one" if path == "/direct" else b"application: one")


def test_the_same_head_again_while_the_first_waits_comes_after_it(place: Place) -> None:
    client = place.dial()
    client.send(b"four")
    assert client.answer() == b"direct: four"
    for body in (b"wait", b"next", b"last"):
        client.send(body)
        wait_until(lambda: place.desk.waiting)
    place.end(lambda reply: say(reply, b"over"))
    assert [client.answer().rpartition(b": ")[2] for _ in range(3)] == [b"over", b"next", b"last"]


def test_a_head_that_comes_with_part_of_a_body_is_read_on(place: Place) -> None:
    client = place.dial()
    head = b"POST /direct HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\n"
    client.connection.sendall(head + b"complete")
    assert client.answer() == b"direct: complete"
    client.connection.sendall(head + b"comp")
    time.sleep(0.02)
    client.connection.sendall(b"lete")
    assert client.answer() == b"direct: complete"
    client.connection.sendall(head + b"complete" + head + b"together" + head[:10])
    assert client.answer() == b"direct: complete"
    assert client.answer() == b"direct: together"
    time.sleep(0.02)
    client.connection.sendall(head[10:] + b"complete")
    assert client.answer() == b"direct: complete"


def test_a_body_may_come_in_pieces(place: Place) -> None:
    client = place.dial()
    for _ in range(2):
        client.connection.sendall(b"POST /direct HTTP/1.1\r\nHost: x\r\nContent-Le")
        for piece in (b"ngth: 6\r\n\r\n", b"abc", b"def"):
            time.sleep(0.02)
            client.connection.sendall(piece)
        assert client.answer() == b"direct: abcdef"


def test_a_body_may_come_in_chunks(place: Place) -> None:
    client = place.dial()
    for _ in range(2):
        client.connection.sendall(
            b"POST /direct HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n"
        )
        assert client.answer() == b"direct: abcdef"


def test_a_long_body_is_the_applications(place: Place) -> None:
    client = place.dial()
    client.send(b"x" * 200_000)
    assert client.answer() == b"application: " + b"x" * 20
    assert place.desk.asked == 0


def test_who_wants_to_be_told_to_go_on_is_told(place: Place) -> None:
    client = place.dial()
    client.connection.sendall(b"POST /direct HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
    assert client.connection.recv(1000).startswith(b"HTTP/1.1 100 ")
    client.connection.sendall(b"abc")
    assert client.answer() == b"application: abc"


def test_requests_that_come_together_are_answered_in_order_however_many(place: Place) -> None:
    client = place.dial()
    client.send(b"wait", *(b"%d" % number for number in range(3000)))
    place.end(lambda reply: say(reply, b"at last"))
    assert client.answer() == b"direct: at last"
    for number in range(3000):
        assert client.answer().rpartition(b": ")[2] == b"%d" % number


def test_a_wait_may_end_with_the_application(place: Place) -> None:
    client = place.dial()
    for _ in range(2):
        client.send(b"wait")
        place.end(lambda reply: reply.hand_over(b"other"))
        assert client.answer() == b"application: other"
        client.send(b"next")
        assert client.answer() == b"direct: next"


def test_who_goes_away_while_they_wait_is_noticed_once(place: Place) -> None:
    for times in (1, 2):
        client = place.dial()
        client.send(b"one")
        assert client.answer() == b"direct: one"
        client.send(b"wait")
        wait_until(lambda: place.desk.waiting)
        place.desk.waiting.clear()
        client.connection.close()
        wait_until(lambda: place.desk.gone == times)  # noqa: B023
    client = place.dial()
    client.send(b"one")
    assert client.answer() == b"direct: one"
    client.connection.close()
    wait_until(lambda: not place.server.server_state.connections)
    assert place.desk.gone == 2


def test_who_takes_no_answers_is_not_told_more_and_more(place: Place) -> None:
    client = place.dial()
    client.connection.settimeout(1)
    with pytest.raises(TimeoutError):
        while True:
            client.send(b"x" * 60_000)
    assert place.desk.asked < 400


def test_close_is_heeded_and_a_server_that_stops_closes(place: Place) -> None:
    client = place.dial()
    client.send(b"one", extra="Connection: close\r\n")
    assert client.answer() == b"direct: one"
    assert client.connection.recv(1000) == b""
    client = place.dial()
    client.send(b"one")
    assert client.answer() == b"direct: one"
    client.send(b"wait")
    wait_until(lambda: place.desk.waiting)
    place.server.should_exit = True
    wait_until(lambda: not place.server.servers[0].is_serving())
    place.end(lambda reply: say(reply, b"at last"))
    assert client.answer() == b"direct: at last"
    assert client.connection.recv(1000) == b""
