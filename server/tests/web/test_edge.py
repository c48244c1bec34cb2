"""Rules for every URL of the server: hosts, sizes, headers, and where a WebSocket is accepted."""

import json
import socket
import tempfile
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from backchannel.transports.http.bodies import PAGE_BODY_BYTES
from tests.running import PATIENCE_S, Running, running, somebody

PAGES = ["/account/setup", "/admin/login/", "/nothing", "/_allauth/browser/v1/auth/login"]


def raw(server: Running, *pieces: bytes) -> tuple[int, dict[str, str], bytes]:
    """The answer to these bytes; the request need not be whole. What is sent into a connection that was closed is lost."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S) as connection:
        try:
            for piece in pieces:
                connection.sendall(piece)
        except OSError:
            pass
        answer = connection.makefile("rb")
        status = int(answer.readline().split()[1])
        headers: dict[str, str] = {}
        while line := answer.readline().strip():
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        return status, headers, answer.read(int(headers.get("content-length", 0)))


def post(path: str, *lines: str) -> bytes:
    return "\r\n".join((f"POST {path} HTTP/1.1", "Host: 127.0.0.1", *lines, "", "")).encode()


def is_refused(answer: tuple[int, dict[str, str], bytes]) -> bool:
    status, headers, body = answer
    return (status, headers["content-type"], headers["connection"], json.loads(body)["code"]) == (
        413,
        "application/problem+json",
        "close",
        "too_large",
    )


@pytest.mark.parametrize(
    "path", [*PAGES, "/api/sync", "/api/rooms/1/messages", "/api/none", "/healthz", "/static/x.js"]
)
def test_an_announced_body_that_is_too_large_is_refused_before_it_arrives(server: Running, path: str) -> None:
    assert is_refused(raw(server, post(path, "Content-Type: application/json", "Content-Length: 200000000")))
    assert is_refused(raw(server, post(path, "Content-Length: 200000000", "Expect: 100-continue")))


@pytest.mark.parametrize("path", PAGES)
def test_a_body_without_a_length_is_counted_while_it_arrives(
    server: Running, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: Any, **__: Any) -> None:
        raise AssertionError("a body went into a file")

    monkeypatch.setattr(tempfile, "_TemporaryFileWrapper", none)
    chunk = b"%x\r\n%b\r\n" % (64 * 1024, b"x" * 64 * 1024)
    head = post(path, "Content-Type: application/json", "Transfer-Encoding: chunked")
    assert is_refused(raw(server, head, *[chunk] * 20))
    assert is_refused(raw(server, head, *[chunk] * 5, b"0\r\n\r\n"))


def test_a_body_of_just_the_limit_is_read(server: Running) -> None:
    body = b"x" * PAGE_BODY_BYTES
    assert raw(server, post("/account/setup", f"Content-Length: {len(body)}"), body)[0] != 413


def test_a_command_has_its_own_limit(server: Running) -> None:
    ada = somebody("ada")
    token = f"Authorization: Bearer {ada.token}"
    lines = ("Content-Type: application/json", f"Content-Length: {64 * 1024 + 1}", token)
    assert is_refused(raw(server, post("/api/rooms", *lines)))


@pytest.mark.parametrize(
    "path",
    [
        "/api/none",
        "/api/users/me",
        "/api/docs",
        "/api/openapi.json",
        "/healthz",
        "/readyz",
        "/metrics",
        "/static/none.js",
        "/ws",
    ],
)
def test_every_answer_has_the_security_headers(server: Running, path: str) -> None:
    for method in ("GET", "DELETE"):
        headers = server.http.request(method, path).headers
        assert headers.get_list("x-content-type-options") == ["nosniff"]
        assert headers["referrer-policy"] == "same-origin"
        if headers["content-type"].startswith("text/html"):
            assert headers["cross-origin-opener-policy"] == "same-origin"


def test_behind_https_every_answer_has_hsts(module_database: None, settings: Any) -> None:
    settings.SECURE_HSTS_SECONDS = 600
    ada = somebody("ada")
    with running() as server:
        first = server.sync(ada, client={"instance": "x"}).json()
        resume = {"epoch": first["epoch"], "user_version": first["user_version"], "rooms": {}}
        known = server.sync(ada, resume, client={"instance": "x"})
        refused = server.http.post("/api/sync", json={})
        for answer in (known, refused, server.http.get("/healthz"), server.http.get("/static/none.js")):
            assert answer.headers.get_list("strict-transport-security") == ["max-age=600"]
            assert answer.headers.get_list("x-content-type-options") == ["nosniff"]


@pytest.mark.parametrize("path", ["/ws/", "/admin/", "//ws", "/static/x", "/api/x", "/", "/healthz", "/wsx"])
def test_a_websocket_elsewhere_is_not_found(server: Running, path: str, caplog: pytest.LogCaptureFixture) -> None:
    lines = "\r\n".join(
        (
            f"GET {path} HTTP/1.1",
            "Host: 127.0.0.1",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "",
            "",
        )
    )
    status, headers, body = raw(server, lines.encode())
    assert (status, headers["content-type"], json.loads(body)["code"]) == (404, "application/problem+json", "not_found")
    assert not [record for record in caplog.records if record.levelname in {"ERROR", "CRITICAL"}]


def test_the_websockets_address_without_an_upgrade_names_the_cause(server: Running) -> None:
    def counted() -> float:
        lines = server.http.get("/metrics").text.splitlines()
        found = [line for line in lines if line.startswith('backchannel_websocket_refused_total{reason="no_upgrade"}')]
        return float(found[0].split()[-1]) if found else 0

    before = counted()
    answer = server.http.get("/ws")
    assert (answer.status_code, answer.json()["code"], answer.headers["upgrade"]) == (
        426,
        "upgrade_required",
        "websocket",
    )
    assert "proxy" in answer.json()["detail"]
    assert counted() == before + 1
    wrong = server.http.post("/ws")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET")


@pytest.fixture
def named(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["chat.example.com", ".team.example"]


@pytest.mark.parametrize(
    ("host", "answered"),
    [
        ("chat.example.com", True),
        ("CHAT.example.com:8443", True),
        ("a.team.example", True),
        ("evil.example", False),
        ("chat.example.com.evil.example", False),
        ("evil@chat.example.com", False),
        ("chat.example.com/x", False),
        ("", False),
        ("127.0.0.1", False),
    ],
)
def test_only_configured_hosts_are_accepted(server: Running, named: None, host: str, answered: bool) -> None:
    ada = somebody("ada")
    for path in ("/api/users/me", "/api/sync", "/api/none", "/api/docs", "/static/none.js", "/ws"):
        headers = {**ada.headers, "Host": host}
        status = server.http.request("POST" if path == "/api/sync" else "GET", path, headers=headers).status_code
        assert (status != 400) is answered, path
    if not answered:
        with pytest.raises(InvalidStatus) as caught:
            server.dial(ada, headers={"Host": host})
        assert caught.value.response.status_code == 400


def test_a_poll_with_a_wrong_host_is_refused_even_for_a_known_session(server: Running, named: None) -> None:
    ada = somebody("ada")
    asked: dict[str, Any] = {"client": {"instance": "x"}}
    good, wrong = {**ada.headers, "Host": "chat.example.com"}, {**ada.headers, "Host": "evil.example"}
    first = server.http.post("/api/sync", json=asked, headers=good).json()
    asked["resume"] = {"epoch": first["epoch"], "user_version": first["user_version"], "rooms": {}}
    assert server.http.post("/api/sync", json=asked, headers=good).status_code == 200
    refused = server.http.post("/api/sync", json=asked, headers=wrong)
    assert (refused.status_code, refused.json()["code"]) == (400, "wrong_host")
    assert "BACKCHANNEL_ALLOWED_HOSTS" in refused.json()["detail"]


def test_probes_accept_any_well_formed_host(server: Running, named: None) -> None:
    for path in ("/healthz", "/readyz", "/metrics"):
        assert server.http.get(path).status_code == 200
        assert raw(server, f"GET {path} HTTP/1.1\r\nHost: a@b\r\n\r\n".encode())[0] == 400
        assert raw(server, f"GET {path} HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n".encode())[0] == 400
        assert raw(server, f"GET {path} HTTP/1.0\r\n\r\n".encode())[0] == 200
