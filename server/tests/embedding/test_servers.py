"""The chat in somebody else's Django site, under the servers that such sites run on: two people talk, and settings count."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from tests.embedding.site import PATIENCE_S, SERVERS, Served, Shop, created, until, wait_for

SMOKE = "uvicorn"
"""`make test` serves by this one."""


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path)
    shop.migrate()
    return shop


@pytest.mark.parametrize(
    "name", [pytest.param(each, marks=() if each == SMOKE else pytest.mark.prove) for each in SERVERS]
)
def test_two_customers_talk_by_websocket_and_by_polls(name: str, shop: Shop, tmp_path: Path) -> None:
    ada, ben = shop.customers("ada", "ben")
    with shop.served_by(name, tmp_path / "log") as site, site.browser(ada) as by_http:
        # Ben comes first, at once, by WebSocket: a chat that no lifespan has started starts now.
        with site.dial(ben) as opened:
            hello = until(opened, "hello")
            assert (hello["heartbeat_s"], hello["limits"]["content_bytes"]) == (7, 100), "BACKCHANNEL counts"
            until(opened, "caught_up")

            order = {"kind": "group", "name": "Order 17", "members": [hello["user"]["id"]]}
            room_id = created(by_http.post("/chat/api/rooms", json=order))["room"]["id"]
            created(by_http.post(f"/chat/api/rooms/{room_id}/messages", json={"content": "It has been sent."}))
            assert until(opened, "message_created")["message"]["content"] == "It has been sent."

            state = polled(by_http, {"wait": 0})
            thanks = {"type": "send_message", "id": str(uuid4()), "room_id": room_id, "content": "Thanks"}
            opened.send(json.dumps(thanks))
            until(opened, "ack")
        assert "Thanks" in json.dumps(state) + json.dumps(polled(by_http, {"wait": 0}))
        contents = [m["content"] for m in by_http.get(f"/chat/api/rooms/{room_id}/messages").json()["messages"]]
        assert contents == ["It has been sent.", "Thanks"]
        the_site_is_its_own(site)


def polled(client: httpx.Client, body: dict[str, object]) -> object:
    answer = client.post("/chat/api/sync", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def the_site_is_its_own(site: Served) -> None:
    for path in ("/orders/", "/api/orders", "/api/sync", "/metrics", "/healthz", "/chats/"):
        assert httpx.get(f"{site.url}{path}").text == "no orders", path
    assert httpx.get(f"{site.url}/static/shop.css").text == "h1 {}"
    assert httpx.get(f"{site.url}/ws").status_code == 404


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("uvicorn", 1012),
        pytest.param("uvicorn without lifespan", 1012, marks=pytest.mark.prove),
        pytest.param("gunicorn", 1012, marks=pytest.mark.prove),
        pytest.param("manage.py backchannel serve", 1012, marks=pytest.mark.prove),
        # Its library sends no such code.
        pytest.param("daphne", None, marks=pytest.mark.prove),
    ],
)
def test_a_server_that_is_stopped_sends_its_clients_away_before_it_closes(
    name: str, code: int | None, shop: Shop, tmp_path: Path
) -> None:
    (ada,) = shop.customers("ada")
    with shop.served_by(name, tmp_path / "log") as site, site.dial(ada) as opened:
        until(opened, "caught_up")
        site.terminate()
        assert until(opened, "going_away")["retry_after_ms"] < 5000
        closed = closing(opened)
        assert (closed.rcvd and closed.rcvd.code) == code


@pytest.mark.prove
def test_a_reload_of_changed_code_sends_clients_away_before_it_closes(tmp_path: Path) -> None:
    changed = tmp_path / "changed"
    (changed / "edited").mkdir(parents=True)
    code = changed / "edited" / "__init__.py"
    code.touch()
    shop = Shop(tmp_path, SHOP_FIRST_APPS="daphne edited")
    shop.environment["PYTHONPATH"] += f":{changed}"
    shop.migrate()
    (ada,) = shop.customers("ada")
    with shop.served_by("runserver with its reloader", tmp_path / "log") as site, site.dial(ada) as opened:
        until(opened, "caught_up")
        code.write_text("changed = True")
        until(opened, "going_away")
        closing(opened)
        wait_for(site.answers)


def closing(opened: ClientConnection) -> ConnectionClosed:
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            opened.recv(timeout=PATIENCE_S)
    return closed.value
