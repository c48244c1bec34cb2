"""What the wire shows of the site's users, and how a change of it reaches those who are connected, on both transports."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from backchannel.accounts.erasing import erase_account
from backchannel.accounts.lookup import issue_token
from tests.conformance.world import World, build
from tests.running import Running, Someone


@pytest.fixture
def world(server: Running) -> World:
    return build(server)


def rename(who: Someone, name: str) -> None:
    who.account.display_name = name
    who.account.save()


def polled(server: Running, who: Someone, resume: Any = None) -> Any:
    return server.sync(who, resume, wait=5 if resume else 0).json()


def test_a_users_key_is_their_external_id_and_defaults_are_left_out(world: World) -> None:
    me = world.server.do(world.ada, "get_me")["user"]
    assert me == {
        "id": world.ada.id,
        "username": world.ada.user.username,
        "display_name": "Ada",
        "external_id": str(world.ada.account.pk),
    }
    message = world.server.do(world.ada, "get_history", room_id=world.group)["messages"][1]
    assert [message["reply_to"]["sender"], world.server.do(world.ben, "get_me")["user"]] == [me, message["sender"]]
    [ada, *_] = world.server.do(world.ada, "get_members", room_id=world.group)["members"]
    assert ada == {**me, "role": "owner"}


def test_a_user_of_the_site_is_named_before_their_first_visit(world: World) -> None:
    user = get_user_model()(username=f"new{world.tag}", display_name="New")
    user.save()
    found = world.server.do(world.ada, "get_people", external_id=str(user.pk))["people"]
    assert [person["display_name"] for person in found] == ["New"]
    other = get_user_model()(username=f"newer{world.tag}", display_name="Newer")
    other.save()
    with world.server.device(world.ben) as device:
        made = device.call("create_room", kind="direct", members_external=[str(other.pk)])
    assert {member["display_name"] for member in made.body["room"]["members"]} == {"Ben", "Newer"}


def test_a_new_name_reaches_sockets_and_polls_and_what_is_sent_from_then_on(world: World) -> None:
    server = world.server
    first = polled(server, world.ben)
    rooms = {str(room["id"]): room["seq"] for frame in first["frames"] for room in frame.get("rooms", [])}
    resume = {"epoch": first["epoch"], "user_version": first["user_version"], "rooms": rooms}
    with server.device(world.ada) as own, server.device(world.ben) as theirs, server.device(world.cyd) as stranger:
        rename(world.ada, "Countess")
        for device in (own, theirs):
            assert device.until("person_updated")["user"]["display_name"] == "Countess"
        [frame, *_] = (f for f in polled(server, world.ben, resume)["frames"] if f["type"] == "room_list")
        assert any(member["display_name"] == "Countess" for room in frame["rooms"] for member in room["members"])
        sent = own.call("send_message", room_id=world.group, content="By the new name.")
        assert sent.body["message"]["sender"]["display_name"] == "Countess"
        received = theirs.until("message_created")
        assert received["message"]["sender"]["display_name"] == "Countess"
        server.do(world.ada, "send_message", room_id=world.group, content="Over HTTP, too.")
        assert theirs.until("message_created")["message"]["sender"]["display_name"] == "Countess"
        assert "Countess" not in json.dumps(stranger.take())


def test_a_deleted_user_is_nobody_from_then_on(world: World) -> None:
    with world.server.device(world.ben) as device:
        account, name = world.ada.account, world.ada.user.username
        account.delete()
        frame = device.until("person_updated")
        assert frame["user"] == {
            "id": world.ada.id,
            "username": f"deleted-{world.ada.id}",
            "display_name": "Deleted user",
        }
        events = device.call("get_events", room_id=world.group, after=0).body
        assert name not in json.dumps([event for event in events["events"] if "message" not in event])
        assert world.server.do(world.ben, "get_people", query=name)["people"] == []
        assert device.call("create_room", kind="group", members=[world.ada.id]).code == "user_not_found"


def test_an_erased_user_who_stays_with_the_site_is_somebody_new_on_every_connection(world: World) -> None:
    with world.server.device(world.ada) as device:
        assert world.server.do(world.ada, "get_me")["user"]["id"] == world.ada.id
        erase_account(str(world.ada.account.pk))
        assert device.closed() == (4401, "session_over")
    assert world.server.call(world.ada, "get_me").code == "unauthenticated", "the token ended with the person"
    back = replace(world.ada, token=issue_token(world.ada.account))
    me = world.server.do(back, "get_me")["user"]
    assert me["id"] != world.ada.id
    with world.server.device(back) as device:
        refused = device.call("send_message", room_id=world.group, content="Still here?")
        assert refused.code == "not_a_member"
