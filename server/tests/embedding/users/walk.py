"""What a site's user does with the chat, without a server: signs in, talks, uses a token and a ticket, signs out."""

import asyncio
import sys
from typing import Any

import django

django.setup()

import httpx  # noqa: E402
from asgiref.sync import sync_to_async  # noqa: E402
from django.contrib.auth import get_user_model  # noqa: E402
from django.test import Client  # noqa: E402
from shop.asgi import application  # type: ignore[import-not-found] # noqa: E402

from backchannel import api  # noqa: E402
from backchannel.accounts.models import Token  # noqa: E402

ORIGIN = "http://127.0.0.1"


def signed_in(login: str) -> tuple[Any, Client]:
    users = get_user_model().objects
    user = users.create_user(login, **({"email": login} if users.model.__name__ == "Customer" else {}))
    browser = Client()
    browser.force_login(user)
    return user, browser


def client(**headers: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(application)
    return httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers={"Origin": ORIGIN, **headers})


async def walk(first: str, second: str) -> None:
    ada, browser = await sync_to_async(signed_in)(first)
    ben, _ = await sync_to_async(signed_in)(second)
    cookie = browser.cookies["sessionid"].value
    token = await sync_to_async(api.token)(ben)
    async with client(Cookie=f"sessionid={cookie}") as here, client(Authorization=f"Bearer {token}") as there:
        me = (await here.get("/chat/api/me")).json()["user"]
        assert me["external_id"] == str(ada.pk), me
        assert "@" not in me["username"] + me["display_name"], me
        order = {"kind": "group", "name": "Order", "members_external": [str(ben.pk)]}
        made = await here.post("/chat/api/rooms", json=order)
        assert made.status_code == 201, made.text
        room = f"/chat/api/rooms/{made.json()['room']['id']}/messages"
        assert (await here.post(room, json={"content": "Hello"})).status_code == 201
        assert [m["content"] for m in (await there.get(room)).json()["messages"]] == ["Hello"]
        assert (await here.post("/chat/api/auth/ticket")).status_code == 200
        await sync_to_async(browser.logout)()
        assert (await here.get("/chat/api/me")).status_code == 401
        await sync_to_async(Token.objects.filter(user=ben).delete)()
        assert (await there.get("/chat/api/me")).status_code == 401
    assert [t.name async for t in ada.backchannel_tokens.all()] == []
    await application._chat._stop()
    print("walked as", me["username"])


asyncio.run(walk(*sys.argv[1:]))
