"""Whose address is it: the chat has what is below its prefix, the site everything else, with its own limits."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from tests.embedding.site import Shop, created, until, wait_for

pytestmark = pytest.mark.prove


def test_the_sites_own_pages_files_api_and_uploads_stay_its_own(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.migrate()
    (ada,) = shop.customers("ada")
    with shop.served_by("uvicorn", tmp_path / "log") as site, site.browser(ada) as client:
        assert client.get("/static/shop.css").text == "h1 {}"
        assert client.get("/api/orders").text == "no orders"
        assert "<title>" in client.get("/api/none").text, "what neither has is the site's to refuse"
        for path in ("/photos/", "/api/photos"):
            assert client.post(path, files={"photo": b"x" * 3_000_000}).text == "3000000 bytes"
        assert client.post("/chat/api/sync", content=b"x" * 2_000_000).status_code == 413, "the chat's are bounded"
        for path in ("/chat", "/chat/", "/chat/orders/", "/chat/static/shop.css", "/chat/metrics"):
            answer = client.get(path)
            assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json"), path
        assert client.get("/chat/readyz").json() == {
            "ready": True, "database": "ok", "disk": "ok", "bus": "ok", "nodes": "ok",
        }  # fmt: skip


@pytest.mark.parametrize("given", ["/app", ""], ids=["left by the proxy", "removed by it"])
def test_below_the_prefix_of_the_whole_site_the_chat_talks(given: str, tmp_path: Path) -> None:
    shop = Shop(tmp_path, SHOP_PREFIX="/app", SHOP_BACKCHANNEL=json.dumps({"PATH": "/team/talk/"}))
    shop.migrate()
    (ada,) = shop.customers("ada")
    with shop.served_by("uvicorn", tmp_path / "log") as site, site.browser(ada) as client:
        site.chat = f"{given}/team/talk"
        created(client.post(f"{site.chat}/api/rooms", json={"kind": "group", "name": "Order 17", "members": []}))
        assert client.post(f"{site.chat}/api/sync", json={"wait": 0}).status_code == 200
        with site.dial(ada) as opened:
            until(opened, "caught_up")
        assert client.get(f"{given}/orders/").text == "no orders"
        assert client.get(f"{given}/api/sync").text == "no orders"


def test_metrics_are_read_by_a_token_of_staff_where_the_site_says_so(tmp_path: Path) -> None:
    shop = Shop(tmp_path, SHOP_BACKCHANNEL=json.dumps({"METRICS": "token"}))
    shop.migrate()
    (ada,) = shop.customers("ada")
    code = (
        "from django.contrib.auth import get_user_model as m; from backchannel.accounts.lookup import issue_token as i\n"
        "for name in ('eve', 'boss'): print(i(m().objects.create_user(name, email=name + '@x', is_staff=name == 'boss')))"
    )
    eve, boss = (word for word in shop.done("django", "shell", "--verbosity", "0", "-c", code).split() if "bc_" in word)
    with shop.served_by("uvicorn", tmp_path / "log") as site, site.browser(ada) as client:

        def status(**headers: str) -> int:
            return httpx.get(f"{site.url}/chat/metrics", headers=headers).status_code

        assert client.get("/chat/metrics").status_code == 403, "a session, of whomever, is not meant"
        assert [status(), status(Authorization=f"Bearer {eve}")] == [401, 403]
        assert status(Authorization=f"Bearer {boss}") == 200


def test_two_processes_of_a_site_without_redis_are_shown_by_both(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.migrate()
    with (
        shop.served_by("uvicorn", tmp_path / "first") as first,
        shop.served_by("uvicorn", tmp_path / "second") as second,
    ):
        for site in (first, second):
            wait_for(lambda site=site: httpx.get(f"{site.url}/chat/readyz").json()["nodes"] == "several without Redis")
            assert httpx.get(f"{site.url}/chat/readyz").status_code == 200, "its users can talk"
    assert "several_processes_without_redis" in (tmp_path / "second").read_text()
