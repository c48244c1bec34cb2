"""What the site's tokens open, from which pages, and until when. No browser runs."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from e2e.support.example_site import PATIENCE_S, ExampleSite
from tests.running import Caller, until

pytestmark = pytest.mark.smoke


@pytest.fixture
def sign_in(port: int, pages: str) -> Callable[[str], Caller]:
    return lambda username: Caller(port, pages, username)


def test_the_site_has_no_open_warnings_and_its_migrations_are_whole(site: ExampleSite) -> None:
    for words in (
        ("check", "--fail-level", "WARNING", "--database", "default"),
        ("makemigrations", "--check", "--dry-run"),
    ):
        ran = site.manage(*words)
        assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("path", ["/api/lobby/", "/chat/api/sync"])
def test_only_pages_of_the_front_end_may_call_the_site_and_its_chat(port: int, pages: str, path: str) -> None:
    for origin, allowed in ((pages, pages), ("https://rival.example", None)):
        asked = httpx.options(
            f"http://127.0.0.1:{port}{path}",
            headers={
                "Origin": origin,
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "authorization, content-type",
            },
        )
        assert asked.headers.get("access-control-allow-origin") == allowed
        assert "access-control-allow-credentials" not in asked.headers


def test_two_people_talk_by_their_access_tokens(sign_in: Callable[[str], Caller]) -> None:
    ada, ben = sign_in("ada"), sign_in("ben")
    (room,) = {each.http.post("/api/lobby/").json()["room_id"] for each in (ada, ben)}
    with ada.socket() as opened:
        sent = ben.http.post(f"/chat/api/rooms/{room}/messages", json={"content": "By HTTP."})
        assert sent.status_code == 201
        message = until(opened, "message_created")["message"]
        assert (message["sender"]["display_name"], message["content"]) == ("Ben", "By HTTP.")


def test_signing_out_ends_everything_that_the_tokens_opened(sign_in: Callable[[str], Caller]) -> None:
    ada, elsewhere = sign_in("ada"), sign_in("ada")
    session = ada.http.post("/chat/api/auth/session").json()["token"]
    by_session = {"Authorization": f"Bearer {session}"}
    assert ada.http.get("/chat/api/me", headers=by_session).status_code == 200
    with ada.socket() as opened, elsewhere.socket() as stays:
        assert ada.http.post("/api/sign-out/", json={"refresh": ada.refresh}).status_code == 204
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                opened.recv(timeout=PATIENCE_S)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4401
        assert ada.http.get("/chat/api/me").status_code == 401
        assert ada.http.get("/chat/api/me", headers=by_session).status_code == 401
        assert ada.http.post("/api/token/refresh/", json={"refresh": ada.refresh}).status_code == 401
        room = elsewhere.http.post("/api/lobby/").json()["room_id"]
        elsewhere.http.post(f"/chat/api/rooms/{room}/messages", json={"content": "Still here."})
        assert until(stays, "message_created")["message"]["content"] == "Still here."


def test_what_is_no_refresh_token_of_the_site_signs_nobody_out(sign_in: Callable[[str], Caller]) -> None:
    ada = sign_in("ada")
    for body in ([], {}, {"refresh": 7}, {"refresh": ""}, {"refresh": "x.y.z"}, {"refresh": ada.access}):
        assert ada.http.post("/api/sign-out/", json=body).status_code == 400, body
    assert ada.http.get("/chat/api/me").status_code == 200


def test_an_address_opens_nothing_by_a_token_and_no_log_has_one(
    sign_in: Callable[[str], Caller], site: ExampleSite
) -> None:
    ada = sign_in("ada")
    with pytest.raises(InvalidStatus) as refused:
        ada.dial(ada.access)
    assert refused.value.response.status_code == 401
    assert ada.access.split(".")[2] not in site.log.read_text()
