"""What one person sends is never read as another's request: offers of other protocols, two ways to read a length, and whatever
else makes two parsers disagree, in any split of segments."""

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
from tests.runner.edge import Edge, Said, answers, say
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


def spoken(edge: Edge, segments: list[bytes], methods: list[str]) -> list[tuple[int, bytes]]:
    edge.heard.clear()
    with edge.dial() as connection:
        say(connection, segments)
        return answers(connection, methods)


def hang_up(connection: socket.socket) -> None:
    """Say nothing more, and wait for the end."""
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
def test_an_offer_of_another_protocol_is_ignored_and_the_body_is_a_body(
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
        found = spoken(edge, in_pieces(stream, *cuts), ["POST", "GET"])
        if path == "/early":  # answered before its body was there, or with it: then the connection goes on
            assert [said[1] for said in edge.heard] in (["/early"], ["/early", "/next"])
        else:
            assert [status for status, _ in found] == [200, 200]
            assert edge.heard == [("POST", path, body), ("GET", "/next", b"")]
            assert json.loads(found[0][1]) == ["POST", path, body.decode()]


def test_who_is_offered_something_else_is_not_told_of_it(edge: Edge) -> None:
    edge.headers.clear()
    head = b"GET /x HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: h2c\r\nX-Other: 1\r\n\r\n"
    assert spoken(edge, [head + NEXT], ["GET", "GET"]) != []
    assert edge.headers[0] == {"host": "x", "connection": "keep-alive", "x-other": "1"}


@pytest.mark.parametrize(
    "body",
    [b"Content-Length: %d\r\n\r\n" % len(HIDDEN) + HIDDEN, b"Transfer-Encoding: chunked\r\n\r\n" + chunked(HIDDEN)],
)
@pytest.mark.parametrize("path", [b"/ws", b"/other"])
def test_a_websocket_that_is_opened_with_a_body_is_refused_and_nothing_parsed_on(
    edge: Edge, path: bytes, body: bytes
) -> None:
    stream = b"GET %b HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n%b" % (path, body)
    at = stream.index(b"\r\n\r\n") + 4
    for cuts in ((), (at,), (at + 3,), (at - 2, len(stream) - 1)):
        found = spoken(edge, in_pieces(stream + NEXT, *cuts), ["GET", "GET"])
        assert [status for status, _ in found] == [400]
        assert edge.heard == []


def test_what_follows_an_opening_is_no_request(edge: Edge) -> None:
    opening = (
        b"GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
    )
    for segments, status in (([opening + NEXT], 400), ([opening, NEXT], 403)):
        found = spoken(edge, segments, ["GET", "GET"])
        assert [status for status, _ in found] == [status]
        assert edge.heard == []


def test_so_it_is_where_the_opening_comes_in_several_slices(edge: Edge) -> None:
    """A head of more than is parsed in one go, by its cookies."""
    for size in (3_900, 8_000, 50_000):
        opening = (
            b"GET /accept HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            b"Cookie: %b\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n" % (b"c" * size)
        )
        for after in (NEXT, HIDDEN * 1_000):
            assert [status for status, _ in spoken(edge, [opening + after], ["GET", "GET"])] == [400]
        with edge.dial() as connection:
            connection.sendall(opening)
            assert connection.recv(100).startswith(b"HTTP/1.1 101 ")
        assert edge.heard == []


def test_an_upgrade_by_http_1_0_is_ignored(edge: Edge) -> None:
    head = b"GET /ws HTTP/1.0\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    assert [status for status, _ in spoken(edge, [head + NEXT], ["GET", "GET"])] == [200]
    assert edge.heard == [("GET", "/ws", b"")]


REFUSED = {
    "no Host": b"GET / HTTP/1.1\r\n\r\n",
    "two Hosts": b"GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n",
    "two Hosts in HTTP/1.0": b"GET / HTTP/1.0\r\nHost: x\r\nHost: y\r\n\r\n",
    "an empty Host": b"GET / HTTP/1.1\r\nHost:\r\n\r\n",
    "a list of Hosts": b"GET / HTTP/1.1\r\nHost: x, y\r\n\r\n",
    "a Host with somebody": b"GET / HTTP/1.1\r\nHost: x@y\r\n\r\n",
    "a Host with a path": b"GET / HTTP/1.1\r\nHost: x/y\r\n\r\n",
    "another Host in the address": b"GET http://y/ HTTP/1.1\r\nHost: x\r\n\r\n",
    "no path": b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    "a fragment": b"GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
    "one length twice": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
    "a list of lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3, 3\r\n\r\nabc",
    "a signed length": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\nabc",
    "a hexadecimal length": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x3\r\n\r\nabc",
    "a length beyond counting": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\nabc",
    "a length and chunks": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and a length": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
    "another coding": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "two codings": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "an unknown coding": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a coding with a vertical tab": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "chunks in HTTP/1.0": b"POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a signed chunk": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n+3\r\nabc\r\n0\r\n\r\n",
    "a chunk of 0x3": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n",
    "a chunk that is longer than it says": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
    "chunks by line feeds": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n",
    "a chunk beyond counting": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffffff\r\nabc",
    "a folded header": b"GET / HTTP/1.1\r\nHost: x\r\nX-A: a\r\n b\r\n\r\n",
    "a space before the colon": b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
    "a space before the name": b"GET / HTTP/1.1\r\n Host: x\r\n\r\n",
    "a header without a colon": b"GET / HTTP/1.1\r\nHost: x\r\nX-A\r\n\r\n",
    "a NUL": b"GET / HTTP/1.1\r\nHost: x\r\nX-A: a\x00b\r\n\r\n",
    "a lone CR": b"GET / HTTP/1.1\r\nHost: x\r\nX-A: a\rX-B: b\r\n\r\n",
    "line feeds": b"GET / HTTP/1.1\nHost: x\n\n",
    "HTTP/0.9": b"GET / HTTP/0.9\r\n\r\n",
    "HTTP/2.0": b"GET / HTTP/2.0\r\nHost: x\r\n\r\n",
    "HTTP/1.2": b"GET / HTTP/1.2\r\nHost: x\r\n\r\n",
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a tunnel": b"CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n",
    "another protocol": b"DESCRIBE / RTSP/1.0\r\nHost: x\r\n\r\n",
    "a method in lower case": b"get / HTTP/1.1\r\nHost: x\r\n\r\n",
    "a port beyond 65535": b"GET / HTTP/1.1\r\nHost: x:65536\r\n\r\n",
    "such a port in the address": b"GET http://x:99999/ HTTP/1.1\r\nHost: x:99999\r\n\r\n",
    "a space in the address": b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n",
    "a byte beyond ASCII in the address": b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(40),
    "too many headers": b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-A: b\r\n" * 300 + b"\r\n",
    "a long address": b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_what_could_be_read_in_two_ways_is_refused_and_nothing_parsed_on(edge: Edge, kind: str) -> None:
    stream = REFUSED[kind] + HIDDEN + NEXT
    for cuts in ((), (len(REFUSED[kind]),), (len(REFUSED[kind]) - 3,)):
        edge.heard.clear()
        with edge.dial() as connection:
            say(connection, in_pieces(stream, *cuts))
            found = answers(connection, ["GET"], until_closed=True)
        assert len(found) == 1
        status, body = found[0]
        assert 400 <= status < 600
        assert status not in {404, 500}
        problem = json.loads(body)
        assert (problem["status"], bool(problem["detail"])) == (status, True)
        assert edge.heard == []


@pytest.mark.parametrize("kind", ["two lengths", "no Host", "a tunnel", "line feeds"])
def test_what_was_asked_before_is_answered_before_a_refusal(edge: Edge, kind: str) -> None:
    held = b"GET /held HTTP/1.1\r\nHost: x\r\n\r\n"
    with edge.dial() as connection:
        say(connection, [held + NEXT + REFUSED[kind] + HIDDEN])
        edge.heard.clear()
        found = answers(connection, ["GET", "GET", "GET"], until_closed=True)
    assert [json.loads(body)[1] for _, body in found[:2]] == ["/held", "/next"]
    assert found[2][0] in {400, 501}
    assert [said[1] for said in edge.heard] == ["/held", "/next"]


def test_a_body_that_breaks_off_in_a_bad_chunk_is_refused_in_the_applications_place(edge: Edge) -> None:
    gone = edge.gone
    head = b"POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert [status for status, _ in spoken(edge, [head, b"3\r\nabc\r\n", b"zz\r\n" + HIDDEN], ["POST", "POST"])] == [
        400
    ]
    assert (edge.heard, edge.gone) == ([], gone + 1)
    # And where another is answered first, after that answer.
    held = b"GET /held HTTP/1.1\r\nHost: x\r\n\r\n"
    found = spoken(edge, [held + head + b"3\r\nabc\r\nzz\r\n" + HIDDEN], ["GET", "POST", "POST"])
    assert [status for status, _ in found] == [200, 400]
    assert [said[1] for said in edge.heard] == ["/held"]


def test_trailers_are_no_headers(edge: Edge) -> None:
    edge.headers.clear()
    body = b"3\r\nabc\r\n0\r\nHost: evil\r\nAuthorization: Bearer x\r\nX-Forwarded-For: 1.2.3.4\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n"
    head = b"POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    for cuts in ((), (len(head) + 8,), (len(head) + 20, len(head) + 50)):
        found = spoken(edge, in_pieces(head + body + NEXT, *cuts), ["POST", "GET"])
        assert [status for status, _ in found] == [200, 200]
        assert edge.heard == [("POST", "/x", b"abc"), ("GET", "/next", b"")]
    assert all(set(headers) <= {"host", "transfer-encoding"} for headers in edge.headers)


def test_nothing_follows_a_request_that_closes(edge: Edge) -> None:
    for close in (b"Connection: close\r\n", b"Connection: Upgrade, close\r\nUpgrade: h2c\r\n"):
        head = b"POST /x HTTP/1.1\r\nHost: x\r\n%bContent-Length: 3\r\n\r\nabc" % close
        for segments in ([head + NEXT], [head, NEXT]):
            assert [status for status, _ in spoken(edge, segments, ["POST", "GET"])] == [200]
            assert edge.heard == [("POST", "/x", b"abc")]


# -- against another parser

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


def a_request(chance: random.Random, name: bytes, *, sound: bool) -> bytes:
    method = chance.choice(LINES[:4] if sound else LINES) % name
    end = (lambda: b"\r\n") if sound else (lambda: chance.choice(ENDS))
    headers = [b"Host: x"] if sound or chance.random() < 0.95 else []
    if sound:
        headers += chance.sample(
            (b"X-A: b", b"X-A:", b"Connection: Upgrade", b"Upgrade: h2c", b"Connection: keep-alive"), 3
        )
    else:
        headers += chance.choices(NOISE, k=chance.randrange(4))
    # What a body holds is the worst that can be mistaken for something else.
    body = chance.choice((b"", b"abc", HIDDEN, HIDDEN[:-2], b"0\r\n\r\n" + HIDDEN, b"\r\n" * 5 + HIDDEN))
    sent = b""
    framing = chance.choice(FRAMINGS[:6] if sound else FRAMINGS)
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


def by_h11(stream: bytes) -> tuple[list[Said], bool]:
    """What h11 hears, and whether all of it is requests."""
    server = h11.Connection(h11.SERVER, max_incomplete_event_size=200_000)
    server.receive_data(stream)
    server.receive_data(b"")
    heard: list[Said] = []
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
                heard.append((request.method.decode(), request.target.decode("latin-1"), body))
                server.send(h11.Response(status_code=200, headers=[("Content-Length", "0")]))
                server.send(h11.EndOfMessage())
                if server.our_state is not h11.DONE:
                    return heard, True
                server.start_next_cycle()
            else:
                return heard, True
        except h11.ProtocolError:
            return heard, False


def path_of(target: str) -> str:
    return target.removeprefix("http://x")


@pytest.mark.parametrize("seed", range(8))
def test_requests_are_those_that_another_parser_finds(edge: Edge, seed: int) -> None:
    chance = random.Random(seed)
    equal = stricter = 0
    for case in range(60):
        sound = chance.random() < 0.5
        names = [b"%d.%d" % (case, number) for number in range(chance.randrange(1, 4))]
        stream = b"".join(a_request(chance, name, sound=sound) for name in names)
        theirs, is_whole = by_h11(stream)
        expected = [(method, path_of(target), body) for method, target, body in theirs]
        cuts = [chance.randrange(len(stream)) for _ in range(chance.choice((0, 0, 1, 2, 4)))]
        edge.heard.clear()
        with edge.dial() as connection:
            say(connection, in_pieces(stream, *cuts))
            statuses = [status for status, _ in answers(connection, [method for method, _, _ in expected])]
            hang_up(connection)
        wait_until(lambda: not edge.connections)
        heard = list(edge.heard)
        # Never more, never another: at most it stops earlier.
        assert heard == expected[: len(heard)], (stream, cuts)
        if sound and is_whole:
            assert heard == expected, (stream, cuts)
            assert statuses == [200] * len(expected)
        equal += heard == expected
        stricter += heard != expected
    assert equal > 20
    assert stricter > 0
