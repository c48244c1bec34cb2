import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn

from backchannel.runner import http_protocol
from backchannel.runner.listening import CannotListen, listen


async def hello(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A server with a short deadline for headers."""
    monkeypatch.setattr(http_protocol, "HEADERS_WITHIN_S", 1.0)
    sock = listen("127.0.0.1", 0)
    server = uvicorn.Server(
        uvicorn.Config(hello, http=http_protocol.GuardedHttpProtocol, ws="none", lifespan="off", log_config=None)
    )
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[sock])))
    thread.start()
    yield sock.getsockname()[1]
    server.should_exit = True
    thread.join()


def dial(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=20)


def is_cut(connection: socket.socket) -> bool:
    """Wait for its end; False if a response comes instead."""
    try:
        return connection.recv(1000) == b""
    except ConnectionResetError:
        return True


def test_a_head_that_does_not_end_in_time_is_cut_off(port: int) -> None:
    for begun in (b"", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "):
        with dial(port) as connection:
            connection.sendall(begun)
            assert is_cut(connection)


def test_the_head_of_a_later_request_has_the_same_deadline(port: int) -> None:
    with dial(port) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 204")
        connection.sendall(b"GET / HTTP/1.1\r\nHost:")
        assert is_cut(connection)


def test_an_idle_connection_between_requests_is_kept_open(port: int) -> None:
    with dial(port) as connection, dial(port) as slow:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 204")
        assert is_cut(slow)  # the deadline of a head has passed
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 204")


def test_headers_beyond_the_limit_are_refused(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "HEADERS_WITHIN_S", 600.0)
    with dial(port) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n")
        try:
            for _ in range(64):
                connection.sendall(b"X-Long: " + b"x" * 4096 + b"\r\n")
        except OSError:
            return
        assert connection.recv(1000).startswith(b"HTTP/1.1 431 ")


def test_the_kernel_drops_clients_that_vanish_and_holds_little_for_each() -> None:
    with listen("127.0.0.1", 0) as sock:
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) <= 2 * 128 * 1024
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 30_000


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid"])
def test_an_address_of_another_machine_is_reported(host: str) -> None:
    with pytest.raises(CannotListen, match=host):
        listen(host, 0)


def test_a_port_in_use_is_reported() -> None:
    with listen("127.0.0.1", 0) as sock, pytest.raises(CannotListen, match="is in use"):
        listen("127.0.0.1", sock.getsockname()[1])
