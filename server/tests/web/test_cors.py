"""A page of another origin may call the API where it is listed, by a header and never by a cookie."""

import socket
from collections.abc import Iterator

import httpx
import pytest
from msgspec import structs

from backchannel.runner import body_pace
from backchannel.web.cors import Cors
from tests.files.sending import announce, fetch, put, wait_checked
from tests.running import WITHOUT_LIMITS, Running, Someone, running, somebody

PAGE = "https://app.shop.example"
ASKED = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}


@pytest.fixture(scope="module")
def server(module_database: None) -> Iterator[Running]:
    with running(cors_origins=(PAGE,)) as it:
        yield it


@pytest.fixture
def ada(module_database: None) -> Someone:
    return somebody("ada")


def allowed(response: httpx.Response) -> str | None:
    return dict(response.headers).get("access-control-allow-origin")


def preflight(server: Running, path: str, origin: str) -> httpx.Response:
    return server.http.request("OPTIONS", path, headers={"Origin": origin, **ASKED})


def test_a_browser_is_answered_before_it_calls(server: Running) -> None:
    response = preflight(server, "/api/sync", PAGE)
    assert response.status_code == 204
    assert allowed(response) == PAGE
    assert "POST" in response.headers["access-control-allow-methods"]
    assert "authorization" in response.headers["access-control-allow-headers"]
    assert response.headers["vary"] == "Origin"


def test_a_listed_page_sends_and_reads_files_by_its_header(server: Running, ada: Someone) -> None:
    room = server.group(ada)
    upload = announce(server, ada, room, 5)
    assert preflight(server, f"/api/uploads/{upload['id']}", PAGE).status_code == 204
    stored = put(server, ada, upload["id"], b"hello", 0, headers={"Origin": PAGE})
    assert (stored.status_code, allowed(stored)) == (200, PAGE)
    wait_checked(server, ada, upload["id"])
    address = f"/files/{upload['id']}/x"
    assert preflight(server, address, PAGE).status_code == 204
    read = fetch(server, ada, address, Origin=PAGE)
    assert (read.content, allowed(read)) == (b"hello", PAGE)
    assert (
        read.headers["cross-origin-resource-policy"] == "same-origin"
    )  # of a page that is not listed, no picture shows it
    assert allowed(fetch(server, ada, address, Origin="https://evil.example")) is None


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "https://app.shop.example.evil.example",
        "http://app.shop.example",
        f"{PAGE}:444",
        "null",
        f"{PAGE}/",
    ],
)
def test_no_other_origin_is_allowed(server: Running, ada: Someone, origin: str) -> None:
    response = preflight(server, "/api/sync", origin)
    assert response.status_code == 405
    assert allowed(response) is None
    response = server.http.get("/api/me", headers={**ada.headers, "Origin": origin})
    assert allowed(response) is None
    assert response.headers["vary"] == "Origin", "caches must not give this answer to a listed page"


def test_a_listed_page_reads_answers_and_refusals(server: Running, ada: Someone) -> None:
    headers = {**ada.headers, "Origin": PAGE}
    synced = server.http.post("/api/sync", json={"wait": 0}, headers=headers)
    assert (synced.status_code, allowed(synced)) == (200, PAGE)
    refused = server.http.get("/api/me", headers={"Origin": PAGE})
    assert (refused.status_code, allowed(refused)) == (401, PAGE)
    assert "retry-after" in synced.headers["access-control-expose-headers"]


def test_a_listed_page_reads_every_refusal(server: Running, ada: Someone) -> None:
    from_page = {**ada.headers, "Origin": PAGE}
    refused = {
        400: server.http.post("/api/rooms", content=b"{", headers={**from_page, "Content-Type": "application/json"}),
        404: server.http.get("/api/nowhere", headers=from_page),
        405: server.http.delete("/api/sync", headers=from_page),
        413: server.http.post("/api/rooms", content=b" " * 300_000, headers=from_page),
        415: server.http.post("/api/rooms", content=b"{}", headers={**from_page, "Content-Type": "text/plain"}),
        422: server.http.post("/api/rooms", json={"kind": "none"}, headers=from_page),
    }
    for status, answer in refused.items():
        assert (answer.status_code, allowed(answer)) == (status, PAGE)


def test_a_listed_page_reads_that_it_asks_too_often(module_database: None) -> None:
    limits = structs.replace(WITHOUT_LIMITS, commands_per_second=0.001)
    with running(cors_origins=(PAGE,), limits=limits) as server:
        ada = somebody("ada")
        by_page = {**ada.headers, "Origin": PAGE}
        answers = [server.http.post("/api/auth/ticket", headers=by_page) for _ in range(62)]
    busy = [answer for answer in answers if answer.status_code == 429]
    assert busy
    assert all(allowed(answer) == PAGE and answer.headers["retry-after"] for answer in busy)


def test_a_listed_page_reads_that_its_body_came_too_slowly(
    server: Running, ada: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body_pace, "CHECK_EVERY_S", 0.1)
    lines = ["POST /api/rooms HTTP/1.1", f"Host: 127.0.0.1:{server.port}", f"Origin: {PAGE}", "Content-Length: 100"]
    lines += [f"{name}: {value}" for name, value in ada.headers.items()] + ["Content-Type: application/json", "", ""]
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall("\r\n".join(lines).encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    assert answer.startswith("HTTP/1.1 408 ")
    assert f"access-control-allow-origin: {PAGE}\r\n" in answer
    assert "vary: Origin\r\n" in answer


def test_cookies_are_never_allowed(server: Running, ada: Someone) -> None:
    for response in (
        preflight(server, "/api/sync", PAGE),
        server.http.get("/api/me", headers={**ada.headers, "Origin": PAGE}),
    ):
        assert "access-control-allow-credentials" not in response.headers
        assert allowed(response) != "*"


def test_nothing_but_the_api_is_read_by_other_pages(server: Running) -> None:
    for path in ("/", "/healthz", "/ws", "/admin/"):
        assert allowed(server.http.get(path, headers={"Origin": PAGE})) is None, path


def test_an_origin_that_is_sent_twice_is_none() -> None:
    headers = [(b"origin", PAGE.encode()), (b"origin", PAGE.encode())]
    assert Cors([PAGE]).headers_for({"path": "/api/me", "headers": headers}) == [(b"vary", b"Origin")]


def test_where_no_page_is_listed_nothing_is_sent() -> None:
    assert Cors([]).headers_for({"path": "/api/me", "headers": [(b"origin", PAGE.encode())]}) == []


def test_a_page_of_another_origin_talks_on_both_transports(server: Running, ada: Someone) -> None:
    """As the client does it: a credential in a header, a chat session for HTTP, a ticket for the socket."""
    origin = {"Origin": PAGE}
    answer = server.http.post("/api/auth/session", headers={**origin, **ada.headers})
    assert (answer.status_code, allowed(answer)) == (200, PAGE)
    bearer = {"Authorization": f"Bearer {answer.json()['token']}"}
    room = server.http.post("/api/rooms", json={"kind": "group"}, headers={**origin, **bearer}).json()["room"]
    sent = server.http.post(f"/api/rooms/{room['id']}/messages", json={"content": "Hi"}, headers={**origin, **bearer})
    assert sent.status_code == 201
    ticket = server.http.post("/api/auth/ticket", headers={**origin, **bearer}).json()["ticket"]
    with server.dial(query=f"?token={ticket}", origin=PAGE) as device:
        device.hello()
        assert device.until("hello")["user"]["id"] == ada.id
