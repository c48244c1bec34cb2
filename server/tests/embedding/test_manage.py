"""`manage.py backchannel`: the commands of the command line, with a Django site's settings, users and database."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from tests.embedding.site import Shop, created

pytestmark = pytest.mark.prove


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path)
    shop.migrate()
    return shop


def test_a_token_is_made_for_a_user_by_what_they_sign_in_with(shop: Shop, tmp_path: Path) -> None:
    shop.customers("ada")
    token = shop.done("django", "backchannel", "token", "Ada@shop.example", "--label", "till").strip()
    with shop.served_by("manage.py backchannel serve", tmp_path / "log") as site:
        me = httpx.get(f"{site.url}/chat/api/me", headers={"Authorization": f"Bearer {token}"})
        assert me.json()["user"]["username"] == "ada"
    unknown = shop.run("django", "backchannel", "token", "eve@shop.example")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert "there is no active account eve@shop.example" in unknown.stderr
    assert "createuser" not in unknown.stderr, "accounts are the site's"


def test_followers_activity_people_and_epoch_are_looked_after(shop: Shop, tmp_path: Path) -> None:
    (ada,) = shop.customers("ada")
    with shop.served_by("manage.py backchannel serve", tmp_path / "log") as site, site.browser(ada) as client:
        room_id = created(client.post("/chat/api/rooms", json={"kind": "group", "name": "Order 17", "members": []}))[
            "room"
        ]["id"]
        created(client.post(f"/chat/api/rooms/{room_id}/messages", json={"content": "It has been sent."}))
        epoch = client.post("/chat/api/sync", json={"wait": 0}).json()["epoch"]
    assert "activity" in shop.done("django", "backchannel", "followers")
    shop.done("django", "backchannel", "followers", "--reset", "activity")
    assert "day" in shop.done("django", "backchannel", "activity")
    shop.done("django", "backchannel", "intents")
    assert "1" in shop.done("django", "backchannel", "sync-people")
    shop.done("django", "backchannel", "promote")
    with shop.served_by("manage.py backchannel serve", tmp_path / "log") as site, site.browser(ada) as client:
        assert client.post("/chat/api/sync", json={"wait": 0}).json()["epoch"] != epoch


def test_check_finds_what_a_start_would_stumble_on(tmp_path: Path) -> None:
    shop = Shop(tmp_path, SHOP_BACKCHANNEL=json.dumps({"REDIS_URLS": ["redis://:hidden@127.0.0.1:1/0"]}))
    before = shop.run("django", "backchannel", "check")
    assert before.returncode == 1
    assert "run: manage.py migrate" in before.stdout
    assert 'Redis 1 of BACKCHANNEL["REDIS_URLS"]' in before.stdout
    assert "hidden" not in before.stdout
    shop.migrate()
    del shop.environment["SHOP_BACKCHANNEL"]
    assert "No problems found." in shop.done("django", "backchannel", "check")


def test_the_doctor_examines_a_site_and_an_address(shop: Shop, tmp_path: Path) -> None:
    inside = json.loads(shop.done("django", "backchannel", "doctor", "--json", "--quiet"))
    assert {"D105", "D110", "D113", "D120"} <= {finding["code"] for finding in inside["findings"]}
    with shop.served_by("manage.py backchannel serve", tmp_path / "log") as site:
        outside = json.loads(
            shop.run("django", "backchannel", "doctor", f"{site.url}/chat", "--json", "--quiet").stdout
        )
    assert {finding["code"]: finding["word"] for finding in outside["findings"]}["D206"] == "ok"


def test_a_command_before_the_first_migration_says_what_to_do(tmp_path: Path) -> None:
    ran = Shop(tmp_path).run("django", "backchannel", "followers")
    assert ran.returncode == 2
    assert "run: manage.py migrate" in ran.stderr
    assert "Traceback" not in ran.stderr
