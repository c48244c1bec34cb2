"""A front end on another origin, with the credentials of the site: access tokens of SimpleJWT, tokens of Django REST framework."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.embedding.site import PATIENCE_S, Served, Shop, created, until

pytestmark = pytest.mark.prove

PAGE = "https://app.shop.example"
SIMPLE_JWT = "backchannel.auth.SimpleJwt"
DRF_TOKEN = "backchannel.auth.DrfToken"

MAKE = """
from django.contrib.auth import get_user_model
from rest_framework.authtoken.models import Token
from rest_framework_simplejwt.tokens import AccessToken
for user in get_user_model().objects.order_by("email"):
    print("jwt", AccessToken.for_user(user))
    print("drf", Token.objects.create(user=user).key)
"""
REVOKE_DRF = """
from backchannel.auth import DrfToken, end_credential
from django.db import transaction
from rest_framework.authtoken.models import Token
with transaction.atomic():
    token = Token.objects.get(user__email="ada@shop.example")
    end_credential(DrfToken.credential_of(token))
    token.delete()
"""
BLACKLIST_JWT = """
from backchannel.auth import SimpleJwt, end_credential
from rest_framework_simplejwt.tokens import UntypedToken
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from datetime import datetime, UTC
token = UntypedToken("{jwt}")
row = OutstandingToken.objects.create(jti=token["jti"], token="{jwt}", expires_at=datetime.fromtimestamp(token["exp"], UTC))
BlacklistedToken.objects.create(token=row)
end_credential(SimpleJwt.credential_of(token))
"""
CHANGE_PASSWORD = """
from django.contrib.auth import get_user_model
ada = get_user_model().objects.get(email="ada@shop.example")
ada.set_password("another")
ada.save()
"""


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    chosen = {"CORS_ORIGINS": [PAGE], "AUTHENTICATION": [SIMPLE_JWT, DRF_TOKEN]}
    shop = Shop(
        tmp_path,
        SHOP_FIRST_APPS="rest_framework rest_framework.authtoken rest_framework_simplejwt.token_blacklist",
        SHOP_BACKCHANNEL=json.dumps(chosen),
    )
    shop.migrate()
    return shop


def secrets(shop: Shop) -> list[str]:
    """`Authorization` of Ada by JWT and by token, then of Ben."""
    words = {"jwt": "Bearer", "drf": "Token"}
    lines = [line.split() for line in shop.done("django", "shell", "--verbosity", "0", "-c", MAKE).splitlines()]
    return [f"{words[kind]} {secret}" for kind, secret in (line for line in lines if line and line[0] in words)]


def client(served: Served, authorization: str) -> httpx.Client:
    return httpx.Client(
        base_url=f"{served.url}{served.chat}",
        headers={"Origin": PAGE, "Authorization": authorization},
        timeout=PATIENCE_S,
    )


@contextmanager
def socket_of(served: Served, by: httpx.Client) -> Iterator[ClientConnection]:
    """As a browser does: by a ticket."""
    ticket = by.post("/api/auth/ticket").json()["ticket"]
    address = f"{served.url.replace('http', 'ws', 1)}{served.chat}/ws?token={ticket}"
    with connect(address, additional_headers={"Origin": PAGE}) as opened:
        opened.send(
            json.dumps(
                {"type": "hello", "protocol": 1, "client": {"name": "t", "version": "1", "instance": str(uuid4())}}
            )
        )
        until(opened, "caught_up")
        yield opened


def closed(opened: ClientConnection) -> int | None:
    with pytest.raises(ConnectionClosed) as caught:
        while True:
            opened.recv(timeout=PATIENCE_S)
    return caught.value.rcvd.code if caught.value.rcvd else None


def test_two_people_talk_by_their_sites_tokens_on_both_transports(shop: Shop, tmp_path: Path) -> None:
    shop.customers("ada", "ben")
    ada_jwt, _, _, ben_drf = secrets(shop)
    with shop.served_by("uvicorn", tmp_path / "log") as served:
        with client(served, ada_jwt) as ada, client(served, ben_drf) as ben, socket_of(served, ben) as opened:
            me = ben.get("/api/me")
            assert me.headers["access-control-allow-origin"] == PAGE
            ben_id = me.json()["user"]["id"]
            room = created(ada.post("/api/rooms", json={"kind": "group", "name": "Order", "members": [ben_id]}))["room"]
            bearer = {"Authorization": f"Bearer {ada.post('/api/auth/session').json()['token']}"}
            created(ada.post(f"/api/rooms/{room['id']}/messages", json={"content": "By HTTP."}, headers=bearer))
            assert until(opened, "message_created")["message"]["content"] == "By HTTP."
        assert httpx.post(f"{served.url}{served.chat}/api/sync", json={"wait": 0}).status_code == 401
        log = (tmp_path / "log").read_text()
    assert ada_jwt.split()[1] not in log
    assert ben_drf.split()[1] not in log


def test_what_the_site_revokes_in_another_process_is_over_on_both_transports(shop: Shop, tmp_path: Path) -> None:
    shop.customers("ada")
    jwt, drf = secrets(shop)
    with shop.served_by("uvicorn", tmp_path / "log") as served:
        for secret, code in ((drf, REVOKE_DRF), (jwt, BLACKLIST_JWT.replace("{jwt}", jwt.split()[1]))):
            with client(served, secret) as by, socket_of(served, by) as opened:
                session = {"Authorization": f"Bearer {by.post('/api/auth/session').json()['token']}"}
                assert by.get("/api/me", headers=session).status_code == 200
                shop.done("django", "shell", "--verbosity", "0", "-c", code)
                assert closed(opened) == 4401
                assert by.get("/api/me").status_code == 401
                assert by.get("/api/me", headers=session).status_code == 401


def test_a_password_that_is_changed_in_another_process_ends_access_tokens_on_both_transports(
    shop: Shop, tmp_path: Path
) -> None:
    shop.environment["SHOP_SIMPLE_JWT"] = json.dumps({"CHECK_REVOKE_TOKEN": True})
    shop.customers("ada")
    jwt, _ = secrets(shop)
    with (
        shop.served_by("uvicorn", tmp_path / "log") as served,
        client(served, jwt) as by,
        socket_of(served, by) as opened,
    ):
        session = {"Authorization": f"Bearer {by.post('/api/auth/session').json()['token']}"}
        assert by.get("/api/me", headers=session).status_code == 200
        shop.done("django", "shell", "--verbosity", "0", "-c", CHANGE_PASSWORD)
        assert closed(opened) == 4401
        assert by.get("/api/me").status_code == 401
        assert by.get("/api/me", headers=session).status_code == 401


def test_what_a_command_of_the_site_posts_is_received_at_once(shop: Shop, tmp_path: Path) -> None:
    shop.customers("ada")
    jwt, _ = secrets(shop)
    post = """
from backchannel import api
from django.contrib.auth import get_user_model
from django.db import transaction
ada = get_user_model().objects.get(email="ada@shop.example")
with transaction.atomic():
    room = api.room("order:17", name="Order 17", members=[ada])
    api.post(room, "Shipped.", key="shipped")
"""
    with (
        shop.served_by("uvicorn", tmp_path / "log") as served,
        client(served, jwt) as by,
        socket_of(served, by) as opened,
    ):
        shop.done("django", "shell", "--verbosity", "0", "-c", post)
        assert until(opened, "room_added")["room"]["name"] == "Order 17"
        again = post.replace("Shipped", "Arrived").replace("shipped", "arrived")
        shop.done("django", "shell", "--verbosity", "0", "-c", again)
        assert until(opened, "message_created")["message"]["content"] == "Arrived."
    assert "none waiting" in shop.done("django", "backchannel", "intents")
