"""Requests that wait behind another on one connection: who leaves is noticed, and what is read meanwhile is limited."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from backchannel.runner import http_protocol
from tests.runner.edge import Edge, responses
from tests.running import wait_until

WAITING = b"GET /waiting HTTP/1.1\r\nHost: x\r\n\r\n"
GET = b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /y HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n"


@pytest.fixture
def edge() -> Iterator[Edge]:
    it = Edge()
    yield it
    it.stop()


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@pytest.mark.parametrize("leave", [socket.socket.close, reset])
@pytest.mark.parametrize("behind", [GET, GET * 3, POST + b"ab", GET * 500])
def test_a_request_learns_that_its_client_left_while_others_wait_behind_it(
    edge: Edge, behind: bytes, leave: Any
) -> None:
    connection = edge.dial()
    connection.sendall(WAITING)
    wait_until(lambda: edge.scopes != [])
    connection.sendall(behind)
    wait_until(lambda: any(each.pipeline for each in edge.server.server_state.connections))  # type: ignore[union-attr]
    leave(connection)
    wait_until(lambda: edge.disconnects == 1)
    wait_until(lambda: edge.connections == 0)
    assert (len(edge.scopes), edge.requests) == (1, [])


def test_no_more_is_read_than_the_limit_while_a_request_is_answered(edge: Edge) -> None:
    with edge.dial() as connection:
        connection.sendall(WAITING)
        wait_until(lambda: edge.scopes != [])
        connection.settimeout(0.5)
        with suppress(TimeoutError):
            connection.sendall(GET * 1_000_000)
        protocol: Any = next(iter(edge.server.server_state.connections))
        held, is_paused = len(protocol._rest), protocol.flow.read_paused
        protocol.loop.call_soon_threadsafe(protocol.transport.abort)
    wait_until(lambda: edge.disconnects == 1)
    assert is_paused
    assert http_protocol.HELD_BYTES < held <= http_protocol.HELD_BYTES + 1024 * 1024


def test_a_body_whose_request_waits_may_come_late_and_is_whole(edge: Edge) -> None:
    with edge.dial() as connection:
        connection.sendall(b"GET /held HTTP/1.1\r\nHost: x\r\n\r\n" + POST + b"ab")
        wait_until(lambda: edge.scopes != [])
        connection.sendall(b"cde" + GET)
        assert [status for status, _ in responses(connection, ["GET", "POST", "GET"])] == [200, 200, 200]
    assert [(path, body) for _, path, body in edge.requests] == [("/held", b""), ("/y", b"abcde"), ("/x", b"")]
