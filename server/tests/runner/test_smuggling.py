"""No part of one client's bytes is read as another request (request smuggling): offers of other protocols, ambiguous lengths, and
whatever else makes two parsers disagree, in any split of segments."""

from __future__ import annotations

import itertools
import json
import random
import socket
from collections.abc import Iterator
from contextlib import suppress

import h11
import pytest

from backchannel.runner.websocket.server import make_websocket
from tests.runner.edge import Edge, Request, responses, send_segments
from tests.running import wait_until

HIDDEN = b"POST /hidden HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
NEXT = b"GET /next HTTP/1.1\r\nHost: x\r\n\r\n"

OFFERS = (
    b"Connection: Upgrade\r\nUpgrade: h2c\r\n",
    b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n",
    b"connection: UPGRADE\r\nupgrade: H2C\r\n",
    b"Connection: keep-alive\r\nConnection: upgrade\r\nUpgrade: TLS/1.0, HTTP/2.0\r\n",
    b"Connection: Upgrade\r\nUpgrade: h2c\r\nUpgrade: foo/2\r\n",
    b"Upgrade: h2c\r\nConnection: Upgrade\r\n",
    b"Connection:Upgrade\t\r\nUpgrade:\th2c \r\n",
    b"Connection: Upgrade\r\nUpgrade: websockets\r\n",
    b"Connection: Upgrade\r\nUpgrade: \r\n",
    # Not by POST.
    b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n",
    b"Connection: Upgrade\r\nUpgrade: h2c, websocket\r\n",
)


@pytest.fixture(scope="module")
def edge() -> Iterator[Edge]:
    it = Edge(ws=make_websocket)
    yield it
    it.stop()


def exchange(edge: Edge, segments: list[bytes], methods: list[str]) -> list[tuple[int, bytes]]:
    edge.requests.clear()
    with edge.dial() as connection:
        send_segments(connection, segments)
        return responses(connection, methods)


def hang_up(connection: socket.socket) -> None:
    """Half-close, and wait for the end."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(100_000):
            pass


def in_pieces(stream: bytes, *at: int) -> list[bytes]:
    cuts = [0, *sorted(at), len(stream)]
    return [stream[start:end] for start, end in itertools.pairwise(cuts) if end > start]


def chunked(body: bytes) -> bytes:
    return b"%x\r\n%b\r\n1\r\n.\r\n0\r\n\r\n" % (len(body), body)


@pytest.mark.parametrize("path", ["/x", "/ws", "/early"])
@pytest.mark.parametrize("framing", ["length", "chunked"])
@pytest.mark.parametrize("offer", OFFERS)
def test_an_offer_of_another_protocol_is_ignored_and_the_body_stays_a_body(
    edge: Edge, offer: bytes, framing: str, path: str
) -> None:
    if framing == "length":
        body, sent = HIDDEN, HIDDEN
        head = b"POST %b HTTP/1.1\r\nHost: x\r\n%bContent-Length: %d\r\n\r\n" % (path.encode(), offer, len(body))
    else:
        body, sent = HIDDEN + b".", chunked(HIDDEN)
        head = b"POST %b HTTP/1.1\r\n%bTransfer-Encoding: chunked\r\nHost: x\r\n\r\n" % (path.encode(), offer)
    stream = head + sent + NEXT
    for cuts in (
        (),
        (len(head),),
        (len(head) - 1, len(head) + 5),
        (10, len(head) + len(sent)),
        (len(head) + len(sent) + 4,),
    ):
        found = exchange(edge, in_pieces(stream, *cuts), ["POST", "GET"])
        if path == "/early":  # answered before its body arrived, or with it: then the connection stays open
            assert [request[1] for request in edge.requests] in (["/early"], ["/early", "/next"])
        else:
            assert [status for status, _ in found] == [200, 200]
            assert edge.requests == [("POST", path, body), ("GET", "/next", b"")]
            assert json.loads(found[0][1]) == ["POST", path, body.decode()]


def test_the_application_does_not_see_an_ignored_offer(edge: Edge) -> None:
    edge.headers.clear()
    head = b"GET /x HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: h2c\r\nX-Other: 1\r\n\r\n"
    assert exchange(edge, [head + NEXT], ["GET", "GET"]) != []
    assert edge.headers[0] == {"host": "x", "connection": "keep-alive", "x-other": "1"}


@pytest.mark.parametrize(
    "body",
    [b"Content-Length: %d\r\n\r\n" % len(HIDDEN) + HIDDEN, b"Transfer-Encoding: chunked\r\n\r\n" + chunked(HIDDEN)],
)
@pytest.mark.parametrize("path", [b"/ws", b"/other"])
def test_a_websocket_handshake_with_a_body_is_refused_and_nothing_more_parsed(
    edge: Edge, path: bytes, body: bytes
) -> None:
    stream = b"GET %b HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n%b" % (path, body)
    at = stream.index(b"\r\n\r\n") + 4
    for cuts in ((), (at,), (at + 3,), (at - 2, len(stream) - 1)):
        found = exchange(edge, in_pieces(stream + NEXT, *cuts), ["GET", "GET"])
        assert [status for status, _ in found] == [400]
        assert edge.requests == []


def test_bytes_after_a_handshake_are_not_read_as_a_request(edge: Edge) -> None:
    opening = (
        b"GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
    )
    for segments, status in (([opening + NEXT], 400), ([opening, NEXT], 403)):
        found = exchange(edge, segments, ["GET", "GET"])
        assert [status for status, _ in found] == [status]
        assert edge.requests == []


def test_bytes_after_a_handshake_of_several_slices_are_not_read_as_a_request(edge: Edge) -> None:
    """The cookies make the head larger than a slice."""
    for size in (3_900, 8_000, 50_000):
        opening = (
            b"GET /accept HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            b"Cookie: %b\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n" % (b"c" * size)
        )
        for after in (NEXT, HIDDEN * 1_000):
            assert [status for status, _ in exchange(edge, [opening + after], ["GET", "GET"])] == [400]
        with edge.dial() as connection:
            connection.sendall(opening)
            assert connection.recv(100).startswith(b"HTTP/1.1 101 ")
        assert edge.requests == []


def test_an_upgrade_by_http_1_0_is_ignored(edge: Edge) -> None:
    head = b"GET /ws HTTP/1.0\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    assert [status for status, _ in exchange(edge, [head + NEXT], ["GET", "GET"])] == [200]
    assert edge.requests == [("GET", "/ws", b"")]


REFUSED = {
    "no Host": b"GET / HTTP/1.1\r\n\r\n",
    "two Hosts": b"GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n",
    "two Hosts in HTTP/1.0": b"GET / HTTP/1.0\r\nHost: x\r\nHost: y\r\n\r\n",
    "an empty Host": b"GET / HTTP/1.1\r\nHost:\r\n\r\n",
    "a list of Hosts": b"GET / HTTP/1.1\r\nHost: x, y\r\n\r\n",
    "a Host with a user": b"GET / HTTP/1.1\r\nHost: x@y\r\n\r\n",
    "a Host with a path": b"GET / HTTP/1.1\r\nHost: x/y\r\n\r\n",
    "another Host in the address": b"GET http://y/ HTTP/1.1\r\nHost: x\r\n\r\n",
    "no path": b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    "a fragment": b"GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
    "one length twice": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
    "a list of lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3, 3\r\n\r\nabc",
    "a signed length": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\nabc",
    "a hexadecimal length": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x3\r\n\r\nabc",
    "a length beyond 64 bits": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\nabc",
    "a length and chunks": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and a length": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
    "another coding": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "two codings": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "an unknown coding": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a coding with a vertical tab": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "chunks in HTTP/1.0": b"POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a signed chunk": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n+3\r\nabc\r\n0\r\n\r\n",
    "a chunk of 0x3": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n",
    "a chunk longer than its size": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
    "chunks with bare line feeds": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n",
    "a chunk beyond 64 bits": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffffff\r\nabc",
    "a folded header": b"GET / HTTP/1.1\r\nHost: x\r\nX-A: a\r\n b\r\n\r\n",
    "a space before the colon": b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
    "a space before the name": b"GET / HTTP/1.1\r\n Host: x\r\n\r\n",
    "a header without a colon": b"GET / HTTP/1.1\r\nHost: x\r\nX-A\r\n\r\n",
    "a NUL": b"GET / HTTP/1.1\r\nHost: x\r\nX-A: a\x00b\r\n\r\n",
    "a lone CR": b"GET / HTTP/1.1\r\nHost: x\r\nX-A: a\rX-B: b\r\n\r\n",
    "bare line feeds": b"GET / HTTP/1.1\nHost: x\n\n",
    "HTTP/0.9": b"GET / HTTP/0.9\r\n\r\n",
    "HTTP/2.0": b"GET / HTTP/2.0\r\nHost: x\r\n\r\n",
    "HTTP/1.2": b"GET / HTTP/1.2\r\nHost: x\r\n\r\n",
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a tunnel": b"CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n",
    "another protocol": b"DESCRIBE / RTSP/1.0\r\nHost: x\r\n\r\n",
    "a method in lower case": b"get / HTTP/1.1\r\nHost: x\r\n\r\n",
    "a port beyond 65535": b"GET / HTTP/1.1\r\nHost: x:65536\r\n\r\n",
    "a port beyond 65535 in the address": b"GET http://x:99999/ HTTP/1.1\r\nHost: x:99999\r\n\r\n",
    "a space in the address": b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n",
    "a non-ASCII byte in the address": b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(40),
    "too many headers": b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-A: b\r\n" * 300 + b"\r\n",
    "a long address": b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_ambiguous_requests_are_refused_and_nothing_more_parsed(edge: Edge, kind: str) -> None:
    stream = REFUSED[kind] + HIDDEN + NEXT
    for cuts in ((), (len(REFUSED[kind]),), (len(REFUSED[kind]) - 3,)):
        edge.requests.clear()
        with edge.dial() as connection:
            send_segments(connection, in_pieces(stream, *cuts))
            found = responses(connection, ["GET"], until_closed=True)
        assert len(found) == 1
        status, body = found[0]
        assert 400 <= status < 600
        assert status not in {404, 500}
        problem = json.loads(body)
        assert (problem["status"], bool(problem["detail"])) == (status, True)
        assert edge.requests == []


@pytest.mark.parametrize("kind", ["two lengths", "no Host", "a tunnel", "bare line feeds"])
def test_earlier_requests_are_answered_before_a_refusal(edge: Edge, kind: str) -> None:
    held = b"GET /held HTTP/1.1\r\nHost: x\r\n\r\n"
    with edge.dial() as connection:
        send_segments(connection, [held + NEXT + REFUSED[kind] + HIDDEN])
        edge.requests.clear()
        found = responses(connection, ["GET", "GET", "GET"], until_closed=True)
    assert [json.loads(body)[1] for _, body in found[:2]] == ["/held", "/next"]
    assert found[2][0] in {400, 501}
    assert [request[1] for request in edge.requests] == ["/held", "/next"]


def test_a_malformed_chunk_is_refused_in_place_of_the_application(edge: Edge) -> None:
    gone = edge.disconnects
    head = b"POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert [status for status, _ in exchange(edge, [head, b"3\r\nabc\r\n", b"zz\r\n" + HIDDEN], ["POST", "POST"])] == [
        400
    ]
    assert (edge.requests, edge.disconnects) == ([], gone + 1)
    # And after the response to an earlier request.
    held = b"GET /held HTTP/1.1\r\nHost: x\r\n\r\n"
    found = exchange(edge, [held + head + b"3\r\nabc\r\nzz\r\n" + HIDDEN], ["GET", "POST", "POST"])
    assert [status for status, _ in found] == [200, 400]
    assert [request[1] for request in edge.requests] == ["/held"]


def test_trailers_are_not_headers(edge: Edge) -> None:
    edge.headers.clear()
    body = b"3\r\nabc\r\n0\r\nHost: evil\r\nAuthorization: Bearer x\r\nX-Forwarded-For: 1.2.3.4\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n"
    head = b"POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    for cuts in ((), (len(head) + 8,), (len(head) + 20, len(head) + 50)):
        found = exchange(edge, in_pieces(head + body + NEXT, *cuts), ["POST", "GET"])
        assert [status for status, _ in found] == [200, 200]
        assert edge.requests == [("POST", "/x", b"abc"), ("GET", "/next", b"")]
    assert all(set(headers) <= {"host", "transfer-encoding"} for headers in edge.headers)


def test_nothing_is_parsed_after_a_request_that_closes(edge: Edge) -> None:
    for close in (b"Connection: close\r\n", b"Connection: Upgrade, close\r\nUpgrade: h2c\r\n"):
        head = b"POST /x HTTP/1.1\r\nHost: x\r\n%bContent-Length: 3\r\n\r\nabc" % close
        for segments in ([head + NEXT], [head, NEXT]):
            assert [status for status, _ in exchange(edge, segments, ["POST", "GET"])] == [200]
            assert edge.requests == [("POST", "/x", b"abc")]


# -- compared with h11

LINES = (
    b"POST /%b HTTP/1.1", b"GET /%b HTTP/1.1", b"PUT /%b HTTP/1.1", b"HEAD /%b HTTP/1.1", b"GET /%b HTTP/1.0",
    b"GET http://x/%b HTTP/1.1", b"OPTIONS /%b HTTP/1.1", b"POST /%b HTTP/2.0", b"CONNECT x:%b HTTP/1.1",
)  # fmt: skip
FRAMINGS = (
    "none",
    "none",
    "length",
    "length",
    "chunked",
    "chunked",
    "both",
    "twice",
    "short",
    "gzip",
    "bad chunk",
    "trailer",
)
ENDS = (b"\r\n",) * 12 + (b"\n", b"\r", b" \r\n", b"\r\n ")
NOISE = (
    b"X-A: b", b"X-A:", b"X-A : b", b"Connection: close", b"Connection: keep-alive", b"Connection: Upgrade",
    b"Upgrade: h2c", b"Upgrade: websocket", b"Upgrade: h2c, websocket", b"Expect: 100-continue", b"Transfer-Encoding: identity",
    b"Content-Length: 0", b"Host: y", b"X-Long: " + b"y" * 300, b"\xc3\xa9: x", b"X-B: \xc3\xa9", b"TE: trailers",
    b"Trailer: X-A",
)  # fmt: skip


def a_request(chance: random.Random, name: bytes, *, is_valid: bool) -> bytes:
    method = chance.choice(LINES[:4] if is_valid else LINES) % name

    def end() -> bytes:
        return b"\r\n" if is_valid else chance.choice(ENDS)

    headers = [b"Host: x"] if is_valid or chance.random() < 0.95 else []
    if is_valid:
        headers += chance.sample(
            (b"X-A: b", b"X-A:", b"Connection: Upgrade", b"Upgrade: h2c", b"Connection: keep-alive"), 3
        )
    else:
        headers += chance.choices(NOISE, k=chance.randrange(4))
    # Bodies that are most easily mistaken for a request.
    body = chance.choice((b"", b"abc", HIDDEN, HIDDEN[:-2], b"0\r\n\r\n" + HIDDEN, b"\r\n" * 5 + HIDDEN))
    sent = b""
    framing = chance.choice(FRAMINGS[:6] if is_valid else FRAMINGS)
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in in_pieces(body, len(body) // 2)) + b"0\r\n"
    if framing == "length":
        headers.append(b"Content-Length: %d" % len(body))
        sent = body
    elif framing == "chunked":
        headers.append(b"Transfer-Encoding: chunked")
        sent = chunks + b"\r\n"
    elif framing == "both":
        headers += [b"Content-Length: %d" % len(body), b"Transfer-Encoding: chunked"]
        sent = chunks + b"\r\n"
    elif framing == "twice":
        headers += [b"Content-Length: %d" % len(body), b"Content-Length: %d" % (len(body) + 5)]
        sent = body
    elif framing == "short":
        headers.append(b"Content-Length: %d" % max(0, len(body) - 3))
        sent = body
    elif framing == "gzip":
        headers.append(b"Transfer-Encoding: gzip, chunked")
        sent = chunks + b"\r\n"
    elif framing == "bad chunk":
        headers.append(b"Transfer-Encoding: chunked")
        sent = chunks.replace(b"\r\n", chance.choice((b"\n", b"\r\r\n", b";x=y\r\n", b" \r\n")), 1) + b"\r\n"
    elif framing == "trailer":
        headers.append(b"Transfer-Encoding: chunked")
        sent = chunks + chance.choice((b"X-A: b\r\n", b"Content-Length: 40\r\n", b"Host: y\r\n")) + b"\r\n"
    chance.shuffle(headers)
    return method + end() + b"".join(header + end() for header in headers) + b"\r\n" + sent


def by_h11(stream: bytes) -> tuple[list[Request], bool]:
    """The requests that h11 finds, and whether the whole stream is requests."""
    server = h11.Connection(h11.SERVER, max_incomplete_event_size=200_000)
    server.receive_data(stream)
    server.receive_data(b"")
    found: list[Request] = []
    request, body = None, b""
    while True:
        try:
            event = server.next_event()
            if isinstance(event, h11.Request):
                request, body = event, b""
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                assert request is not None
                found.append((request.method.decode(), request.target.decode("latin-1"), body))
                server.send(h11.Response(status_code=200, headers=[("Content-Length", "0")]))
                server.send(h11.EndOfMessage())
                if server.our_state is not h11.DONE:
                    return found, True
                server.start_next_cycle()
            else:
                return found, True
        except h11.ProtocolError:
            return found, False


def path_of(target: str) -> str:
    return target.removeprefix("http://x")


@pytest.mark.parametrize("seed", range(8))
def test_requests_are_those_that_h11_finds(edge: Edge, seed: int) -> None:
    chance = random.Random(seed)
    equal = stricter = 0
    for case in range(60):
        is_valid = chance.random() < 0.5
        names = [b"%d.%d" % (case, number) for number in range(chance.randrange(1, 4))]
        stream = b"".join(a_request(chance, name, is_valid=is_valid) for name in names)
        theirs, is_whole = by_h11(stream)
        expected = [(method, path_of(target), body) for method, target, body in theirs]
        cuts = [chance.randrange(len(stream)) for _ in range(chance.choice((0, 0, 1, 2, 4)))]
        edge.requests.clear()
        with edge.dial() as connection:
            send_segments(connection, in_pieces(stream, *cuts))
            statuses = [status for status, _ in responses(connection, [method for method, _, _ in expected])]
            hang_up(connection)
        wait_until(lambda: not edge.connections)
        found = list(edge.requests)
        # The same requests; at most fewer, if refused earlier.
        assert found == expected[: len(found)], (stream, cuts)
        if is_valid and is_whole:
            assert found == expected, (stream, cuts)
            assert statuses == [200] * len(expected)
        equal += found == expected
        stricter += found != expected
    assert equal > 20
    assert stricter > 0
