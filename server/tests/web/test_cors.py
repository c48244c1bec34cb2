"""A page of another origin may call the API where it is listed, by a header and never by a cookie."""

from collections.abc import Iterator

import httpx
import pytest

from backchannel.web.cors import Cors
from tests.files.sending import announce, fetch, put, wait_checked
from tests.running import Running, Someone, running, somebody

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
    assert Cors([PAGE]).headers_for({"headers": headers}) == [(b"vary", b"Origin")]


def test_where_no_page_is_listed_nothing_is_sent() -> None:
    assert Cors([]).headers_for({"headers": [(b"origin", PAGE.encode())]}) == []


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
