"""The client and the scheme of a request are those that a trusted proxy names, by the rules of uvicorn's middleware."""

import random
from collections.abc import Iterator
from typing import Any

import pytest
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from backchannel.runner.connection_limit import ConnectionLimit
from backchannel.runner.head import Header
from backchannel.runner.trusted_proxies import DIRECT, TrustedProxies
from backchannel.runner.websocket.server import make_websocket
from tests.runner.edge import Edge, responses, send_segments

PROXIES = ["127.0.0.1", "10.0.0.0/8"]
HOSTS = [
    b"203.0.113.9",
    b"10.0.0.7",
    b"127.0.0.1",
    b"[2001:db8::1]:4000",
    b"198.51.100.4:80",
    b"unknown",
    b"",
    b"203.0.113.9, 10.0.0.7",
]
PROTOS = [b"http", b"https", b" https ", b"ftp", b""]


@pytest.fixture
def edge() -> Iterator[Edge]:
    server = Edge(make_websocket, connection_limit=ConnectionLimit(trusted_proxies=PROXIES))
    yield server
    server.stop()


async def by_uvicorn(headers: list[Header]) -> dict[str, Any]:
    scope: dict[str, Any] = {"type": "http", "client": ("127.0.0.1", 1), "scheme": "http", "headers": headers}

    async def application(*_: Any) -> None: ...

    await ProxyHeadersMiddleware(application, PROXIES)(scope, None, None)  # type: ignore[arg-type]
    return scope


async def test_what_a_proxy_says_is_read_as_uvicorn_reads_it() -> None:
    choose = random.Random(7)
    proxies = TrustedProxies(PROXIES)
    for _ in range(2000):
        headers = [(b"x-forwarded-for", choose.choice(HOSTS)) for _ in range(choose.randrange(3))]
        headers += [(b"x-forwarded-proto", choose.choice(PROTOS)) for _ in range(choose.randrange(3))]
        choose.shuffle(headers)
        client, is_secure = proxies.read(headers)
        scope = await by_uvicorn(headers)
        assert (client or ("127.0.0.1", 1)) == scope["client"]
        assert ("https" if is_secure else "http") == scope["scheme"]


def test_a_head_without_a_proxys_headers_says_nothing() -> None:
    assert TrustedProxies(PROXIES).read([(b"host", b"x")]) is DIRECT


def test_each_request_of_a_proxys_connection_has_its_own_client(edge: Edge) -> None:
    head = b"GET /a HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: %b\r\nX-Forwarded-Proto: %b\r\n\r\n"
    sent = [
        (b"203.0.113.9", b"https"),
        (b"203.0.113.9", b"https"),
        (b"203.0.113.10", b"https"),
        (b"203.0.113.10", b"http"),
    ]
    with edge.dial() as connection:
        for host, proto in sent:
            send_segments(connection, [head % (host, proto)])
            assert [status for status, _ in responses(connection, ["GET"])] == [200]
    assert [(scope["client"][0].encode(), scope["scheme"].encode()) for scope in edge.scopes] == sent


@pytest.mark.parametrize(("proto", "scheme"), [(b"https", "wss"), (b"http", "ws")])
def test_a_websocket_has_the_client_that_its_proxy_names(edge: Edge, proto: bytes, scheme: str) -> None:
    head = (
        b"GET /accept HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nX-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: %b\r\n\r\n"
    )
    with edge.dial() as connection:
        connection.sendall(head % proto)
        assert connection.recv(12) == b"HTTP/1.1 101"
    (scope,) = edge.scopes
    assert (scope["type"], scope["client"][0], scope["scheme"]) == ("websocket", "203.0.113.9", scheme)


def test_a_client_that_is_no_proxy_is_not_believed() -> None:
    edge = Edge(connection_limit=ConnectionLimit(trusted_proxies=["192.0.2.1"]))
    try:
        with edge.dial() as connection:
            send_segments(
                connection,
                [b"GET /a HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\n\r\n"],
            )
            assert [status for status, _ in responses(connection, ["GET"])] == [200]
        assert (edge.scopes[0]["client"][0], edge.scopes[0]["scheme"]) == ("127.0.0.1", "http")
    finally:
        edge.stop()
