"""deploy/'s own settings of nginx, Caddy and HAProxy, in front of a stand-in that writes down every head it is asked."""

from __future__ import annotations

import base64
import grp
import hashlib
import os
import pwd
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parents[2] / "deploy"
PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
KIB = 1024


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def header(head: str, name: str) -> list[str]:
    return re.findall(rf"(?im)^{name}:[ \t]*(.*?)\r?$", head)


class Upstream:
    """Answers with the request line it read, talks back on an upgrade, and is ready at /readyz while its bus is degraded."""

    def __init__(self) -> None:
        self.heads: list[str] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def asked(self) -> list[str]:
        """The heads, but for a proxy's own checks."""
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


def nginx(folder: Path, port: int, upstream: int) -> list[str]:
    text = (DEPLOY / "nginx.conf").read_text()
    text = text[: text.index("server {\n\tlisten 80;")] + text[text.index("server {\n\t# Until") :]
    text = re.sub(r"listen 443 ssl http2;", f"listen 127.0.0.1:{port};", text, count=1)
    text = re.sub(r"\tlisten \[::\]:443.*\n|\tssl_certificate.*\n|\taccess_log.*\n", "", text).replace(
        "127.0.0.1:8000", f"127.0.0.1:{upstream}"
    )
    kinds = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    # Started by root, its workers would be somebody who may not read the test's folder.
    user = f"user {pwd.getpwuid(0).pw_name} {grp.getgrgid(0).gr_name};" if os.geteuid() == 0 else ""
    file = folder / "nginx.conf"
    file.write_text(
        f"daemon off; {user} pid {folder}/pid; error_log stderr; events {{}}\nhttp {{ access_log off; {kinds}\n{text}\n}}\n"
    )
    return ["nginx", "-c", str(file), "-p", str(folder), "-e", "stderr"]


def caddy(folder: Path, port: int, upstream: int) -> list[str]:
    text = (DEPLOY / "Caddyfile").read_text().replace("{$CHAT_HOST:localhost}", f"http://127.0.0.1:{port}")
    text = text.replace("{\n\tservers", "{\n\tadmin off\n\tservers", 1).replace(
        "{$CHAT_UPSTREAM:127.0.0.1} 8000", f"127.0.0.1 {upstream}"
    )
    file = folder / "Caddyfile"
    file.write_text(text)
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(file)]


def haproxy(folder: Path, port: int, upstream: int) -> list[str]:
    text = (DEPLOY / "haproxy.cfg").read_text().replace("bind :80\n", f"bind 127.0.0.1:{port}\n")
    text = re.sub(r"\tbind :443.*\n|\thttp-request redirect.*\n", "", text).replace("maxconn 100000", "maxconn 100")
    file = folder / "haproxy.cfg"
    file.write_text(text.replace("127.0.0.1:8000", f"127.0.0.1:{upstream}"))
    return ["haproxy", "-db", "-f", str(file)]


class Proxy:
    def __init__(self, port: int, upstream: Upstream) -> None:
        self.port, self.upstream = port, upstream

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def head(self, line: str, *more: str) -> bytes:
        return "\r\n".join((f"{line} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", *more, "", "")).encode()

    def ask(self, line: str, *more: str, body: bytes = b"") -> str:
        """The whole of what comes back."""
        with self.connect() as connection:
            with suppress(OSError):  # refused before the body was sent
                connection.sendall(self.head(line, "Connection: close", *more) + body)
            answer = b""
            with suppress(OSError):
                while data := connection.recv(64 * KIB):
                    answer += data
        return answer.decode("latin-1")


@pytest.fixture(scope="module", params=[nginx, caddy, haproxy], ids=lambda each: each.__name__)
def proxy(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    folder, port, upstream = tmp_path_factory.mktemp("proxy"), free_port(), Upstream()
    command = request.param(folder, port, upstream.port)
    program = shutil.which(command[0], path=PATH)
    assert program, f"{command[0]} is missing: python3 tools/prepare.py proxies"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [program, *command[1:]], stdout=log, stderr=log, env={**os.environ, "HOME": str(folder)}
        )
    try:
        started = Proxy(port, upstream)
        for _ in range(200):
            with suppress(OSError):
                if " 200 " in started.ask("GET /api/me"):
                    break
            assert process.poll() is None, (folder / "log").read_text()
            time.sleep(0.05)
        yield started
    finally:
        process.terminate()
        process.wait(20)
        upstream.listener.close()


@pytest.mark.parametrize("offer", ["websocket", "WebSocket"])
def test_a_websocket_talks(proxy: Proxy, offer: str) -> None:
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


@pytest.mark.parametrize("name", ["metrics", "readyz", "healthz"])
@pytest.mark.parametrize("form", ["/{}", "/{}?x=1", "/{}/", "//{}", "/./{}", "/x/../{}", "/x/%2e%2e/{}", "/%{:x}{}"])
def test_what_is_for_the_machine_is_hidden_in_every_form(proxy: Proxy, name: str, form: str) -> None:
    path = f"/%{ord(name[0]):x}{name[1:]}" if "{:x}" in form else form.format(name)
    for each in (path, path.replace(name, name.upper())):
        before = len(proxy.upstream.asked())
        assert " 404 " in proxy.ask(f"GET {each}").split("\r\n")[0]
        assert len(proxy.upstream.asked()) == before


@pytest.mark.parametrize(("path", "size"), [("/account/setup", 256 * KIB + 1), ("/api/sync", 1024 * KIB + 1)])
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
    first, second, port = Upstream(), Upstream(), free_port()
    command = haproxy(tmp_path, port, first.port)
    file = Path(command[-1])
    file.write_text(file.read_text().replace("# server two 127.0.0.1:8001", f"server two 127.0.0.1:{second.port}"))
    program = shutil.which("haproxy", path=PATH)
    assert program
    process = subprocess.Popen([program, *command[1:]], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            if all(len(node.heads) - len(node.asked()) >= 2 for node in (first, second)):
                break
            time.sleep(0.05)
        for _ in range(8):
            assert " 200 " in Proxy(port, first).ask("GET /api/me")
        assert first.asked()
        assert second.asked()
    finally:
        process.terminate()
        process.wait(20)
