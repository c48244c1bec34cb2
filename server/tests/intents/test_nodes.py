"""A node applies what other processes and the site's transactions leave for it, and those who are connected receive it."""

from uuid import uuid4

import pytest
from django.db import transaction

from backchannel import api
from backchannel.accounts import running_chats
from backchannel.accounts.models import Token
from backchannel.store import intents
from backchannel.store.models import Intent
from tests.running import Running, Someone, running, somebody, wait_until


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """This thread is as in a process without a node; the server's own threads go on."""
    monkeypatch.setattr(running_chats, "_running", [])


@pytest.fixture(params=["inside a transaction", "outside"])
def inside(request: pytest.FixtureRequest) -> bool:
    return str(request.param) == "inside a transaction"


def order_of(*people: Someone) -> str:
    key = f"order:{uuid4()}"
    api.room(key, members=[each.account for each in people])
    return key


def post(room: str, text: str, *, inside: bool) -> None:
    if inside:
        with transaction.atomic():
            api.post(room, text)
    else:
        api.post(room, text)


def test_what_this_process_posts_is_received(server: Running, inside: bool) -> None:
    ada = somebody("ada")
    order = order_of(ada)
    with server.device(ada) as device:
        post(order, "Shipped.", inside=inside)
        assert device.until("message_created")["message"]["content"] == "Shipped."


def test_what_another_process_posts_is_received(server: Running, inside: bool, elsewhere: None) -> None:
    ada = somebody("ada")
    order = order_of(ada)
    with server.device(ada) as device:
        for number in range(3):
            post(order, f"step {number}", inside=inside)
        received = [device.until("message_created")["message"]["content"] for _ in range(3)]
        assert received == [f"step {number}" for number in range(3)]


def test_a_room_that_another_process_makes_appears(server: Running, inside: bool, elsewhere: None) -> None:
    ada = somebody("ada")
    with server.device(ada) as device:
        if inside:
            with transaction.atomic():
                order_of(ada)
        else:
            order_of(ada)
        assert device.until("room_added")["room"]["member_count"] == 1


def test_a_credential_that_another_process_ends_closes_its_sockets(server: Running, elsewhere: None) -> None:
    ada = somebody("ada")
    with server.device(ada) as device:
        Token.objects.get(user=ada.account).delete()
        assert device.closed() == (4401, "session_over")


def test_a_rollback_is_received_by_nobody(server: Running) -> None:
    ada = somebody("ada")
    order = order_of(ada)
    with server.device(ada) as device:
        with pytest.raises(RuntimeError), transaction.atomic():
            api.post(order, "Never said.")
            raise RuntimeError
        post(order, "Said.", inside=True)
        assert device.until("message_created")["message"]["content"] == "Said."


def test_what_was_left_while_no_node_ran_is_applied_by_the_next(module_database: None) -> None:
    ada = somebody("ada")
    order = order_of(ada)
    with transaction.atomic():
        for number in range(250):  # more than a batch
            api.post(order, f"step {number}")
    assert intents.is_waiting()
    with running():
        wait_until(lambda: not intents.is_waiting())
    assert [m.content for m in api.history(order, limit=200)] == [f"step {number}" for number in range(200)]
    assert not Intent.objects.exists()


def test_members_see_the_sites_key_of_a_room(server: Running) -> None:
    ada, ben = somebody("ada"), somebody("ben")
    order = f"order:{uuid4()}"
    with server.device(ada) as device:
        api.room(order, members=[ada.account])
        assert device.until("room_added")["room"]["key"] == order
    room = api.direct(ada.account, ben.account)
    listed = {each["id"]: each for each in server.do(ada, "get_room_list")["rooms"]}
    assert "key" not in listed[room.id]
    assert [each.get("key") for each in listed.values() if each["id"] != room.id] == [order]
