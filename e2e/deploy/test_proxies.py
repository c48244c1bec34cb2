"""The settings of nginx, Caddy and HAProxy in deploy/, before an upstream that records every request head."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from e2e.deploy.shipped import NAME, PROXIES, SYSTEM_PATH, Make, Place, haproxy
from e2e.support.server import free_port

KIB = 1024


def header(head: str, name: str) -> list[str]:
    return re.findall(rf"(?im)^{name}:[ \t]*(.*?)\r?$", head)


class Upstream:
    """Answers with the request line, echoes after an upgrade, and is ready at /readyz while its bus is degraded."""

    def __init__(self) -> None:
        self.heads: list[str] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def asked(self) -> list[str]:
        """The heads, except those of a proxy's health checks."""
        return [head for head in self.heads if not head.startswith("GET /readyz ")]

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=self._serve, args=(self.listener.accept()[0],), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError), connection.makefile("rb") as lines:
            while head := self._head(lines):
                self.heads.append(head)
                if header(head, "upgrade"):
                    key = (header(head, "sec-websocket-key") or [""])[0] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
                    accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
                    lines_of_101 = ("HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: websocket")
                    connection.sendall("\r\n".join((*lines_of_101, f"Sec-WebSocket-Accept: {accept}", "", "")).encode())
                    while data := lines.read1(KIB):
                        connection.sendall(data)
                    return
                if header(head, "transfer-encoding"):
                    while size := int(lines.readline(), 16):
                        lines.read(size + 2)
                    lines.readline()
                lines.read(int((header(head, "content-length") or ["0"])[0]))
                answer = (
                    b'{"ready":true,"bus":"degraded"}'
                    if head.startswith("GET /readyz ")
                    else head.split("\r\n")[0].encode()
                )
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(answer), answer))

    @staticmethod
    def _head(lines: object) -> str:
        head = b""
        while (line := lines.readline()) not in (b"", b"\r\n"):  # type: ignore[attr-defined]
            head += line
        return head.decode("latin-1")


class Proxy:
    def __init__(self, place: Place, upstream: Upstream) -> None:
        self.port, self.upstream = place.secure, upstream
        self._tls = ssl.create_default_context(cafile=str(place.certificate))

    def connect(self) -> socket.socket:
        return self._tls.wrap_socket(
            socket.create_connection(("127.0.0.1", self.port), timeout=20), server_hostname=NAME
        )

    def head(self, line: str, *more: str) -> bytes:
        return "\r\n".join((f"{line} HTTP/1.1", f"Host: {NAME}:{self.port}", *more, "", "")).encode()

    def ask(self, line: str, *more: str, body: bytes = b"") -> str:
        """Send a request and return everything that comes back."""
        with self.connect() as connection:
            with suppress(OSError):  # refused before the body was sent
                connection.sendall(self.head(line, "Connection: close", *more) + body)
            answer = b""
            with suppress(OSError):
                while data := connection.recv(64 * KIB):
                    answer += data
        return answer.decode("latin-1")


@contextmanager
def running(make: Make, place: Place, upstream: Upstream) -> Iterator[Proxy]:
    words = make(place)
    program = shutil.which(words[0], path=SYSTEM_PATH)
    assert program, f"{words[0]} is missing: python3 tools/prepare.py proxies"
    with (place.folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [program, *words[1:]], stdout=log, stderr=log, cwd=place.folder, env={"HOME": str(place.folder)}
        )
    try:
        started = Proxy(place, upstream)
        for _ in range(200):
            with suppress(OSError):
                if " 200 " in started.ask("GET /api/me"):
                    break
            assert process.poll() is None, (place.folder / "log").read_text()
            time.sleep(0.05)
        yield started
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="module", params=PROXIES, ids=lambda each: each.__name__)
def proxy(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    upstream = Upstream()
    place = Place(tmp_path_factory.mktemp("proxy"), free_port(), free_port(), [upstream.port])
    with running(request.param, place, upstream) as it:
        yield it
    upstream.listener.close()


@pytest.mark.parametrize("offer", ["websocket", "WebSocket"])
def test_a_websocket_passes_in_both_directions(proxy: Proxy, offer: str) -> None:
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    with proxy.connect() as connection, closing(connection.makefile("rb")) as lines:
        connection.sendall(
            proxy.head("GET /ws?v=1", "Connection: Upgrade", f"Upgrade: {offer}", key, "Sec-WebSocket-Version: 13")
        )
        assert b" 101 " in lines.readline()
        while lines.readline() != b"\r\n":
            pass
        connection.sendall(b"anything")
        assert lines.read(8) == b"anything"


def test_polls_and_sends_work(proxy: Proxy) -> None:
    body = b"x" * 500 * KIB
    assert "POST /api/sync" in proxy.ask("POST /api/sync", f"Content-Length: {len(body)}", body=body)
    assert "GET /api/me" in proxy.ask("GET /api/me")


def test_pieces_of_files_work(proxy: Proxy) -> None:
    body = b"x" * 8192 * KIB
    asked = "PUT /api/uploads/019a3c5e-7f10-7c41-9d3a-5b1f0c2e4a01?offset=0"
    assert asked in proxy.ask(asked, f"Content-Length: {len(body)}", body=body)


@pytest.mark.parametrize("name", ["metrics", "readyz", "healthz"])
@pytest.mark.parametrize("form", ["/{}", "/{}?x=1", "/{}/", "//{}", "/./{}", "/x/../{}", "/x/%2e%2e/{}", "/%{:x}{}"])
def test_internal_paths_are_hidden_in_every_spelling(proxy: Proxy, name: str, form: str) -> None:
    path = f"/%{ord(name[0]):x}{name[1:]}" if "{:x}" in form else form.format(name)
    for each in (path, path.replace(name, name.upper())):
        before = len(proxy.upstream.asked())
        assert " 404 " in proxy.ask(f"GET {each}").split("\r\n")[0]
        assert len(proxy.upstream.asked()) == before


@pytest.mark.parametrize(
    ("path", "size"),
    [("/account/setup", 256 * KIB + 1), ("/api/sync", 1024 * KIB + 1), ("/api/uploads/x", 8192 * KIB + 1)],
)
def test_a_body_that_is_too_large_is_413(proxy: Proxy, path: str, size: int) -> None:
    assert " 413 " in proxy.ask(f"POST {path}", f"Content-Length: {size}", body=b"x" * size).split("\r\n")[0]


@pytest.mark.parametrize("segments", [1, 2])
@pytest.mark.parametrize("path", ["/account/setup", "/ws", "/ws/", "/api/sync"])
@pytest.mark.parametrize("offer", ["h2c", "h2c, websocket", "websocket, h2c", "TLS/1.0"])
def test_a_foreign_offer_hides_no_request(proxy: Proxy, path: str, segments: int, offer: str) -> None:
    before = len(proxy.upstream.asked())
    body = b"\r\n" * 30_000 + proxy.head("POST /api/hidden", "Content-Length: 0")
    more = (
        "Connection: Upgrade, HTTP2-Settings",
        f"Upgrade: {offer}",
        "HTTP2-Settings: AAMAAABk",
        f"Content-Length: {len(body)}",
    )
    with proxy.connect() as connection:
        for piece in (
            (proxy.head(f"POST {path}", *more) + body,) if segments == 1 else (proxy.head(f"POST {path}", *more), body)
        ):
            connection.sendall(piece)
        connection.recv(64 * KIB)
        assert proxy.ask("GET /api/me").endswith("\r\n\r\nGET /api/me HTTP/1.1")
    asked = proxy.upstream.asked()[before:]
    assert not [head for head in asked if "/api/hidden" in head.split("\r\n")[0]]
    assert not [head for head in asked if header(head, "upgrade") or header(head, "http2-settings")]


def test_a_websocket_is_offered_at_its_address_alone(proxy: Proxy) -> None:
    before = len(proxy.upstream.asked())
    for path in ("/", "/ws/", "/WS", "/api/sync", "//ws", "/x/../ws?y"):
        proxy.ask(f"GET {path}", "Connection: Upgrade", "Upgrade: websocket")
    proxy.ask("GET /ws", "Connection: Upgrade", "Upgrade: h2c", "Upgrade: websocket")
    for head in proxy.upstream.asked()[before:]:
        assert not header(head, "upgrade") or (
            header(head, "upgrade") == ["websocket"] and head.startswith("GET /ws HTTP")
        )


def test_haproxy_keeps_every_node_whose_bus_is_degraded(tmp_path: Path) -> None:
    first, second = Upstream(), Upstream()
    place = Place(tmp_path, free_port(), free_port(), [first.port, second.port])
    with running(haproxy, place, first) as front:
        for _ in range(200):
            if all(len(node.heads) - len(node.asked()) >= 2 for node in (first, second)):
                break
            time.sleep(0.05)
        for _ in range(8):
            assert " 200 " in front.ask("GET /api/me")
        assert first.asked()
        assert second.asked()
