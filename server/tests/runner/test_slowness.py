"""Limits of a client: its pace, its bytes, its connections."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from backchannel.runner import body_pace, http_protocol
from backchannel.runner.connection_limit import ConnectionLimit
from backchannel.runner.websocket.server import make_websocket
from tests.runner.edge import Edge, responses, send_segments
from tests.running import wait_until

POST = b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"
CHUNKED = b"POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
GET = b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture
def edge(monkeypatch: pytest.MonkeyPatch) -> Iterator[Edge]:
    monkeypatch.setattr(body_pace, "CHECK_EVERY_S", 0.2)
    it = Edge()
    yield it
    it.stop()


def only_response(connection: socket.socket) -> tuple[int, bytes]:
    [found] = responses(connection, ["POST"], until_closed=True)
    return found


def is_closed(connection: socket.socket) -> bool:
    """Wait until the server has closed."""
    try:
        while connection.recv(100_000):
            pass
    except ConnectionResetError:
        pass
    return True


@pytest.mark.parametrize(
    "begun", [POST, POST + b"abc", CHUNKED, CHUNKED + b"3\r\nab", CHUNKED + b"3\r\nabc\r\n0\r\nX-"]
)
def test_a_body_that_never_arrives_gets_408(edge: Edge, begun: bytes) -> None:
    with edge.dial() as connection:
        send_segments(connection, [begun])
        status, body = only_response(connection)
    assert (status, json.loads(body)["code"]) == (408, "request_timeout")
    wait_until(lambda: edge.disconnects == 1)
    assert edge.requests == []


def test_a_body_below_the_minimum_rate_gets_408(edge: Edge) -> None:
    with edge.dial() as connection:
        send_segments(connection, [POST])
        for _ in range(2000):
            send_segments(connection, [b"x", b"x"])
            if edge.disconnects:
                break
        assert only_response(connection)[0] == 408


def test_a_body_has_a_deadline_whatever_its_rate(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_pace, "BODY_WITHIN_S", 0.2)
    with edge.dial() as connection:
        send_segments(connection, [b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n"])
        for _ in range(2000):
            send_segments(connection, [b"x" * 1000])
            if edge.disconnects:
                break
        assert only_response(connection)[0] == 408


def test_a_body_above_the_minimum_rate_is_accepted(edge: Edge) -> None:
    head = b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 4000\r\n\r\n"
    with edge.dial() as connection:
        # Half of it at once: enough for four seconds at the minimum rate, however slowly the rest is sent.
        send_segments(connection, [head + b"x" * 2000, *[b"x" * 20] * 100])
        assert [status for status, _ in responses(connection, ["POST"])] == [200]
        send_segments(connection, [GET])  # the connection stays usable
        assert [status for status, _ in responses(connection, ["GET"])] == [200]


def test_chunks_with_too_much_framing_are_refused(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_pace, "CHECK_EVERY_S", 5.0)  # so that their pace is not what refuses them
    for padding in (b"1;" + b"x" * 4000 + b"\r\na\r\n", b"0\r\nX-A: " + b"y" * 200_000):
        with edge.dial() as connection:
            send_segments(connection, [CHUNKED, *[padding] * 40])
            assert only_response(connection)[0] == 400


def test_small_chunks_are_accepted(edge: Edge) -> None:
    with edge.dial() as connection:
        send_segments(connection, [CHUNKED, b"1\r\na\r\n" * 15_000, b"1\r\na\r\n" * 15_000 + b"0\r\n\r\n"])
        assert [status for status, _ in responses(connection, ["POST"])] == [200]
    assert edge.requests == [("POST", "/x", b"a" * 30_000)]


def test_a_response_before_the_body_arrives_and_is_the_last(edge: Edge) -> None:
    with edge.dial() as connection:
        send_segments(connection, [b"POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n"])
        send_segments(connection, [b"x" * 100_000] * 20)  # in flight while the response is sent
        [(status, _)] = responses(connection, ["POST"], until_closed=True)
        assert status == 200
        send_segments(connection, [b"x" * 8_000_000 + GET])
        assert is_closed(connection)
    assert [request[1] for request in edge.requests] == ["/early"]


def test_a_client_that_keeps_sending_after_the_last_response_is_cut_off(
    edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "LINGER_S", 0.1)
    with edge.dial() as connection:
        send_segments(connection, [b"POST /early HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"])
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            while True:
                connection.sendall(b"3\r\nabc\r\n")
                time.sleep(0.001)
    wait_until(lambda: not edge.connections)


def test_an_idle_connection_is_closed_after_the_keep_alive_timeout(edge: Edge) -> None:
    edge.server.config.timeout_keep_alive = 0.1  # type: ignore[assignment]
    with edge.dial() as connection:
        send_segments(connection, [GET])
        assert [status for status, _ in responses(connection, ["GET"])] == [200]
        assert is_closed(connection)


def test_empty_lines_do_not_keep_a_connection_alive(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "HEADERS_WITHIN_S", 1.0)
    with edge.dial() as connection:
        send_segments(connection, [GET])
        assert [status for status, _ in responses(connection, ["GET"])] == [200]
        for _ in range(2000):
            send_segments(connection, [b"\r\n", b"\r\n"])
            if not edge.connections:
                break
        assert is_closed(connection)


# -- how many connections

FORWARDED = b"GET /held HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: %b\r\n\r\n"


def test_connections_of_one_address_are_limited() -> None:
    limit = ConnectionLimit(3, trusted_proxies=["192.0.2.1"])
    edge = Edge(connection_limit=limit)
    try:
        held = [edge.dial() for _ in range(3)]
        for connection in held:
            send_segments(connection, [GET])
            assert responses(connection, ["GET"])[0][0] == 200
        with edge.dial() as more:
            status, body = only_response(more)
        assert (status, json.loads(body)["code"]) == (429, "rate_limited")
        held.pop().close()
        wait_until(lambda: edge.connections == 2)
        with edge.dial() as again:
            send_segments(again, [GET])
            assert responses(again, ["GET"])[0][0] == 200
        for connection in held:
            connection.close()
        wait_until(lambda: not limit)
    finally:
        edge.stop()


def test_behind_a_trusted_proxy_the_forwarded_address_counts_while_its_request_lasts() -> None:
    limit = ConnectionLimit(2, trusted_proxies=["127.0.0.1", "10.0.0.0/8"])
    edge = Edge(connection_limit=limit)
    try:
        connections = [edge.dial() for _ in range(6)]
        for connection in connections[:3]:
            send_segments(connection, [FORWARDED % b"1.1.1.1, 203.0.113.9, 10.0.0.7"])
        send_segments(connections[3], [FORWARDED % b"203.0.113.10"])
        send_segments(connections[4], [FORWARDED % b"10.0.0.8"])  # trusted itself
        send_segments(connections[5], [GET])
        statuses = [next(status for status, _ in responses(each, ["GET"])) for each in connections]
        assert sorted(statuses[:3]) == [200, 200, 429]
        assert statuses[3:] == [200, 200, 200]
        assert not limit  # every request was answered
        for connection in connections[3:]:
            send_segments(connection, [FORWARDED % b"203.0.113.9"])
        assert sorted(responses(each, ["GET"])[0][0] for each in connections[3:]) == [200, 200, 429]
        for connection in connections:
            connection.close()
    finally:
        edge.stop()


def test_an_ipv6_64_counts_as_one_address() -> None:
    limit = ConnectionLimit(1, trusted_proxies=[])
    first = limit.enter("2001:db8:1:2::1")
    with pytest.raises(Exception, match="Too many connections"):
        limit.enter("2001:db8:1:2:ffff::2")
    other = limit.enter("2001:db8:1:3::1")
    mapped = limit.enter("::ffff:192.0.2.7")
    with pytest.raises(Exception, match="Too many connections"):
        limit.enter("192.0.2.7")
    for each in (first, other, mapped):
        each.leave()
    assert not limit


def test_a_websocket_counts_as_long_as_it_is_open() -> None:
    limit = ConnectionLimit(1, trusted_proxies=[])
    edge = Edge(ws=make_websocket, connection_limit=limit)
    opening = (
        b"GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
    )
    try:
        with edge.dial() as connection:
            send_segments(connection, [opening.replace(b"/ws", b"/accept")])
            assert connection.recv(1000).startswith(b"HTTP/1.1 101 ")
            with edge.dial() as more:
                assert only_response(more)[0] == 429
            assert len(limit) == 1
        wait_until(lambda: not limit)
    finally:
        edge.stop()


def test_pipelined_requests_are_answered_in_order_and_parsed_in_slices(edge: Edge) -> None:
    count = 20_000
    requests = b"".join(b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % number for number in range(count))
    with edge.dial() as connection:
        sender = threading.Thread(target=connection.sendall, args=(requests,))
        sender.start()
        received = b""
        while received.count(b"HTTP/1.1 200") < count or not received.endswith(b"]"):
            received += connection.recv(1_000_000)
        sender.join()
    assert [int(path[1:]) for _, path, _ in edge.requests] == list(range(count))
    # At most the requests of one slice.
    assert 0 < edge.waited <= http_protocol.SLICE_BYTES // len(b"GET /0 HTTP/1.1\r\nHost: x\r\n\r\n") + 1


def test_a_slice_may_end_anywhere_in_a_request(edge: Edge) -> None:
    size = http_protocol.SLICE_BYTES
    for padding in range(size - 80, size + 5, 3):
        body = b"y" * (3 * size)
        edge.requests.clear()
        with edge.dial() as connection:
            line = b"GET /x HTTP/1.1\r\nHost: x\r\nX-Pad: %b\r\n\r\n" % (b"z" * (padding - 40))
            post = b"POST /y HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
            send_segments(connection, [line + post + GET])
            assert [status for status, _ in responses(connection, ["GET", "POST", "GET"])] == [200, 200, 200]
        assert edge.requests == [("GET", "/x", b""), ("POST", "/y", body), ("GET", "/x", b"")]
