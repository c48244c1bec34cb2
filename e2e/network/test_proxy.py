"""The proxy applies each fault and nothing else.

The server here speaks just enough: a GET is answered with its path, a POST with its body, an Upgrade with 101 and an echo.
"""

from __future__ import annotations

import socket
import socketserver
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest

from e2e.network.faults import BOTH, Direction, Faults
from e2e.network.heads import END, parse
from e2e.network.proxy import Proxy

UPGRADE = b"GET /ws?token=s HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
Dial = Callable[[], socket.socket]


class Echo(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        while head := self.read_head():
            request = parse(head)
            if request.is_upgrade:
                self.wfile.write(SWITCHED)
                while data := self.connection.recv(65536):
                    self.connection.sendall(data)
                return
            body = self.rfile.read(request.length or 0) or request.words[1].encode()
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body))
            self.wfile.flush()
            # In two parts, like a server that streams.
            self.wfile.write(body[:2])
            self.wfile.flush()
            time.sleep(0.02)
            self.wfile.write(body[2:])

    def read_head(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) not in (b"\r\n", b""):
            lines.append(line)
        return b"".join([*lines, b"\r\n"]) if lines else b""


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Resets are what is tested here."""


@contextmanager
def serving(handler: type[socketserver.StreamRequestHandler]) -> Iterator[int]:
    """The port of a server that does this."""
    with Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with serving(Echo) as port:
        proxy = Proxy(port).start()
        yield proxy
        proxy.stop()


@pytest.fixture
def dial(proxy: Proxy) -> Iterator[Dial]:
    opened: list[socket.socket] = []

    def go() -> socket.socket:
        opened.append(socket.create_connection(("127.0.0.1", proxy.port), timeout=20))
        return opened[-1]

    yield go
    for each in opened:
        each.close()


def read(sock: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = sock.recv(size - len(data))
        assert more, f"the end came after {data!r}"
        data += more
    return data


def read_answer(sock: socket.socket) -> tuple[str, bytes]:
    head = b""
    while END not in head:
        head += read(sock, 1)
    answer = parse(head)
    return answer.words[1], read(sock, answer.length or 0)


def get(sock: socket.socket, path: str = "/hello") -> tuple[str, bytes]:
    sock.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    return read_answer(sock)


def upgrade(sock: socket.socket) -> socket.socket:
    sock.sendall(UPGRADE)
    assert read(sock, len(SWITCHED)) == SWITCHED
    return sock


def say(sock: socket.socket, text: bytes = b"hello") -> bytes:
    sock.sendall(text)
    return read(sock, len(text))


def brings_nothing(sock: socket.socket, for_s: float = 0.15) -> bool:
    sock.settimeout(for_s)
    try:
        return not sock.recv(1000) and False
    except TimeoutError:
        return True
    finally:
        sock.settimeout(20)


def is_reset(sock: socket.socket) -> bool:
    try:
        return sock.recv(1000) == b"" and False
    except ConnectionResetError:
        return True


def is_refused(dial: Dial) -> bool:
    """Reset at once, or a moment after the connection stood: TCP allows for both."""
    try:
        return is_reset(dial())
    except ConnectionResetError:
        return True


def test_without_faults_everything_passes_and_is_counted(proxy: Proxy, dial: Dial) -> None:
    plain, socket_ = dial(), upgrade(dial())
    assert get(plain, "/a?secret=1") == ("200", b"/a?secret=1")
    plain.sendall(b"POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" + b"x" * 100_000)
    assert read_answer(plain) == ("200", b"x" * 100_000)
    assert say(socket_, b"y" * 100_000) == b"y" * 100_000
    assert proxy.traffic.since(0, "/[ab]") == ["GET /a", "POST /b"]
    assert proxy.traffic.since(0, "/ws") == ["GET /ws"]
    assert proxy.traffic.bytes["ws", "down"] == 100_000
    assert proxy.live("ws") == 1


def test_refuse_resets_every_new_connection(proxy: Proxy, dial: Dial) -> None:
    kept = upgrade(dial())
    proxy.apply(Faults(refuse=True))
    assert is_refused(dial)
    assert say(kept) == b"hello"
    proxy.heal()
    assert get(dial())[0] == "200"


def test_down_cuts_also_what_is_open(proxy: Proxy, dial: Dial) -> None:
    socket_ = upgrade(dial())
    proxy.down()
    assert is_reset(socket_)
    assert is_refused(dial)


@pytest.mark.parametrize("status", [403, 426, 502])
def test_a_refused_upgrade_gets_the_status_and_requests_pass(proxy: Proxy, dial: Dial, status: int) -> None:
    proxy.apply(Faults(upgrade_status=status))
    refused = dial()
    refused.sendall(UPGRADE)
    assert read_answer(refused)[0] == str(status)
    assert get(dial()) == ("200", b"/hello")


def test_a_stripped_upgrade_reaches_the_server_as_a_plain_request(proxy: Proxy, dial: Dial) -> None:
    proxy.apply(Faults(strip_upgrade=True))
    stripped = dial()
    stripped.sendall(UPGRADE)
    assert read_answer(stripped) == ("200", b"/ws?token=s")


def test_a_hung_upgrade_is_never_answered(proxy: Proxy, dial: Dial) -> None:
    proxy.apply(Faults(hang_upgrade=True))
    hung = dial()
    hung.sendall(UPGRADE)
    assert brings_nothing(hung)
    assert get(dial())[0] == "200"


@pytest.mark.parametrize("directions", [frozenset({"up"}), frozenset({"down"}), BOTH])
def test_accepted_and_then_silent(proxy: Proxy, dial: Dial, directions: frozenset[Direction]) -> None:
    proxy.apply(Faults(ws_silence=directions))
    silent = upgrade(dial())
    silent.sendall(b"lost")
    assert brings_nothing(silent)
    proxy.heal()
    silent.sendall(b"lost as well")
    assert brings_nothing(silent)
    assert say(upgrade(dial())) == b"hello"


def test_a_silenced_connection_does_not_deliver_the_close(proxy: Proxy, dial: Dial) -> None:
    socket_, other = upgrade(dial()), dial()
    assert get(other)[0] == "200"
    assert proxy.silence("ws", frozenset({"down"})) == 1
    socket_.sendall(b"received, not answered")
    assert brings_nothing(socket_)
    assert get(other)[0] == "200"


def test_requests_fall_silent_too(proxy: Proxy, dial: Dial) -> None:
    proxy.apply(Faults(http_silence=frozenset({"down"})))
    silent = dial()
    silent.sendall(b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
    assert brings_nothing(silent)
    assert say(upgrade(dial())) == b"hello"


def test_a_websocket_that_is_killed_after_its_upgrade(proxy: Proxy, dial: Dial) -> None:
    proxy.apply(Faults(ws_lives_s=0.05))
    assert is_reset(upgrade(dial()))
    assert get(dial())[0] == "200"


def test_cut_resets_one_kind(proxy: Proxy, dial: Dial) -> None:
    plain, socket_ = dial(), upgrade(dial())
    assert get(plain)[0] == "200"
    assert proxy.cut("ws") == 1
    assert is_reset(socket_)
    assert get(plain)[0] == "200"


def test_a_half_closed_connection_ends_one_way(proxy: Proxy, dial: Dial) -> None:
    socket_ = upgrade(dial())
    assert proxy.half_close("ws") == 1
    assert socket_.recv(1000) == b""
    socket_.sendall(b"still taken")
    assert proxy.live("ws") == 1


def test_delayed_bytes_come_late_and_in_order(proxy: Proxy, dial: Dial) -> None:
    socket_ = upgrade(dial())
    proxy.apply(Faults(delay_s=0.1))
    socket_.sendall(b"first ")
    assert brings_nothing(socket_, 0.05)
    socket_.sendall(b"second")
    assert read(socket_, 12) == b"first second"


def test_a_throttled_link_brings_everything(proxy: Proxy, dial: Dial) -> None:
    proxy.apply(Faults(bytes_per_s=20_000))
    with closing(upgrade(dial())) as socket_:
        began = time.monotonic()
        assert say(socket_, b"z" * 4_000) == b"z" * 4_000
        # A lower bound is the rate itself, not a promise about this machine.
        assert time.monotonic() - began > 0.2


def test_a_buffering_proxy_hands_on_whole_answers_and_no_stream(proxy: Proxy, dial: Dial) -> None:
    proxy.apply(Faults(buffer=True))
    socket_ = upgrade(dial())
    socket_.sendall(b"hello")
    assert brings_nothing(socket_)
    assert get(dial(), "/whole") == ("200", b"/whole")


def test_a_server_that_is_gone_looks_like_a_reset(dial: Dial, proxy: Proxy) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        proxy.upstream_port = taken.getsockname()[1]
    assert is_refused(dial)


def test_every_request_is_answered_as_by_a_proxy_without_a_server(proxy: Proxy, dial: Dial) -> None:
    proxy.apply(Faults(status=502))
    for request in (b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n", UPGRADE):
        sock = dial()
        sock.sendall(request)
        assert sock.recv(1000).startswith(b"HTTP/1.1 502 ")


def test_a_post_that_is_sent_twice_arrives_twice_and_is_answered_once() -> None:
    received: Counter[bytes] = Counter()

    class Counting(Echo):
        def handle(self) -> None:
            head = self.read_head()
            body = self.rfile.read(parse(head).length or 0)
            received[parse(head).words[0].encode() + body] += 1
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    with serving(Counting) as port:
        proxy = Proxy(port).start()
        proxy.apply(Faults(duplicate_posts=True))
        for request in (b"POST /a HTTP/1.1\r\nContent-Length: 4\r\n\r\ntext", b"GET /a HTTP/1.1\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", proxy.port), timeout=20) as sock:
                sock.sendall(request)
                assert read(sock, 40).endswith(b"ok")
                while received[b"POSTtext"] < 2:
                    time.sleep(0.01)
        assert received == {b"POSTtext": 2, b"GET": 1}
        proxy.stop()


def test_connections_go_to_one_server_after_the_other() -> None:
    class First(Echo):
        def handle(self) -> None:
            self.wfile.write(b"1")

    class Second(Echo):
        def handle(self) -> None:
            self.wfile.write(b"2")

    with serving(First) as first, serving(Second) as second:
        proxy = Proxy(first, second, http=False).start()
        said = []
        for _ in range(4):
            with socket.create_connection(("127.0.0.1", proxy.port), timeout=20) as sock:
                said.append(sock.recv(1))
        assert said == [b"1", b"2", b"1", b"2"]
        proxy.stop()


def test_other_protocols_pass_unchanged_and_can_be_silenced_and_cut() -> None:
    class Shout(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while data := self.connection.recv(1000):
                self.connection.sendall(data.upper())

    with serving(Shout) as port:
        proxy = Proxy(port, http=False).start()
        with socket.create_connection(("127.0.0.1", proxy.port), timeout=20) as sock:
            sock.sendall(b"ping")
            assert read(sock, 4) == b"PING"
            assert proxy.silence("tcp") == 1
            sock.sendall(b"ping")
            sock.settimeout(0.2)
            with pytest.raises(TimeoutError):
                sock.recv(1)
            proxy.cut("tcp")
            sock.settimeout(20)
            with pytest.raises(ConnectionError):
                sock.recv(1)
        proxy.stop()
