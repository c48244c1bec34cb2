"""Drafts, scheduled messages and details through a whole server: several devices, and a node that sends what is due."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from backchannel.store import message_details
from backchannel.store.clock import now_us
from backchannel.store.models import Scheduled as Row
from tests.conformance.world import World, build, soon
from tests.running import Device, Running, Someone


@pytest.fixture
def world(server: Running) -> World:
    return build(server)


def now() -> str:
    return datetime.now(UTC).isoformat()


def frame_of(device: Device, type_: str, wanted: Callable[[Any], bool]) -> Any:
    """What a frame of this type carries under its own name, the first that is wanted, also where it came before an answer."""
    for frame in device.received:
        if frame["type"] == type_ and wanted(frame[type_]):
            return frame[type_]
    while not wanted(carried := device.until(type_)[type_]):
        pass
    return carried


def schedule(world: World, **rest: Any) -> str:
    id_ = str(uuid4())
    world.server.do(
        world.ben, "schedule_message", id=id_, at=now(), room_id=world.group, **{"content": "It is time.", **rest}
    )
    return id_


def test_a_draft_is_on_the_other_device_and_gone_when_it_was_sent(server: Running, world: World) -> None:
    with server.device(world.ada) as phone, server.device(world.ada) as desk:
        saved = phone.call("save_draft", room_id=world.group, content="Hel", base_rev=0).body["draft"]
        assert desk.until("draft")["draft"] == saved
        assert server.do(world.ada, "get_drafts")["drafts"] == [saved]
        sent = desk.call("send_message", id=str(uuid4()), room_id=world.group, content="Hello.", draft_rev=saved["rev"])
        assert sent.ok
        for device in (phone, desk):
            assert frame_of(device, "draft", lambda draft: draft["content"] == "")["rev"] > saved["rev"]
        late = phone.call("save_draft", room_id=world.group, content="Hell", base_rev=saved["rev"])
        assert (late.code, late.body["draft"]["content"]) == ("draft_conflict", "")


def test_a_draft_is_nobody_elses(server: Running, world: World) -> None:
    server.do(world.ada, "save_draft", room_id=world.group, content="Private", base_rev=0)
    assert server.do(world.ben, "get_drafts")["drafts"] == []


def test_a_conflict_carries_the_stored_version_on_both_transports(server: Running, world: World) -> None:
    saved = server.do(world.ada, "save_draft", room_id=world.group, content="First", base_rev=0)["draft"]
    by_http = server.call(world.ada, "save_draft", room_id=world.group, content="Second", base_rev=0)
    with server.device(world.ada) as device:
        by_socket = device.call("save_draft", room_id=world.group, content="Second", base_rev=0)
    assert by_http.body["draft"] == by_socket.body["draft"] == saved


def test_a_node_sends_what_is_due_to_everybody_in_the_room(server: Running, world: World) -> None:
    with server.device(world.ada) as other, server.device(world.ben) as own:
        id_ = schedule(world)
        message = other.until("message_created")["message"]
        assert (message["id"], message["content"], message["sender"]["id"]) == (id_, "It is time.", world.ben.id)
        frame_of(own, "scheduled", lambda scheduled: scheduled["state"] == "sent")
    assert server.do(world.ben, "get_scheduled")["scheduled"] == []
    assert server.do(world.ada, "get_message_details", message_id=id_)["via"] == "schedule"
    assert server.call(world.ben, "cancel_scheduled", id=id_).code == "already_sent"


def test_a_message_that_mentions_replies_and_is_in_a_thread_is_sent_as_such(server: Running, world: World) -> None:
    with server.device(world.ada) as device:
        schedule(world, content=f"@{world.ada.user.username}", thread=world.by_ada, reply_to=world.reply, in_room=True)
        message = device.until("message_created")["message"]
        assert (message["mentions"], message["thread"], message["in_room"]) == ([world.ada.id], world.by_ada, True)
        assert message["reply_to"]["id"] == world.reply
        device.call("ping")
        assert "mention" in [frame.get("kind") for frame in device.received]


def test_who_was_removed_meanwhile_keeps_the_text_and_learns_why(server: Running, world: World) -> None:
    with server.device(world.ben) as device:
        later = str(uuid4())
        at = "2099-01-01T00:00:00Z"
        assert (
            server.call(world.ben, "schedule_message", id=later, at=at, room_id=world.group, content="x").code
            == "invalid"
        )
        server.do(world.ben, "schedule_message", id=later, at=soon(), room_id=world.group, content="Too late.")
        server.do(world.ada, "remove_member", room_id=world.group, user_id=world.ben.id)
        Row.objects.filter(pk=later).update(at_us=now_us())
        failed = frame_of(device, "scheduled", lambda scheduled: scheduled["state"] == "failed")
    assert (failed["id"], failed["code"], failed["content"]) == (later, "not_a_member", "Too late.")
    assert server.do(world.ben, "get_scheduled")["scheduled"] == [failed]
    page = server.do(world.ada, "get_history", room_id=world.group, limit=200)
    assert later not in [message["id"] for message in page["messages"]]


def test_details_say_how_a_message_came_in_and_when_it_was_edited(server: Running, world: World) -> None:
    with server.device(world.ben) as device:
        by_socket = device.call("send_message", id=str(uuid4()), room_id=world.group, content="x").body["message"]
    details = server.do(world.ada, "get_message_details", message_id=by_socket["id"])
    assert details == {"accepted_at": by_socket["created_at"], "seq": by_socket["seq"], "edits": [], "via": "websocket"}
    assert server.do(world.ada, "get_message_details", message_id=world.by_ada)["via"] == "http"
    edited = [
        server.do(world.ada, "edit_message", message_id=world.by_ada, content=text)["message"]["edited_at"]
        for text in "ab"
    ]
    assert server.do(world.ben, "get_message_details", message_id=world.by_ada)["edits"] == edited
    # dan left before that.
    assert server.do(world.dan, "get_message_details", message_id=world.by_ada)["edits"] == []


def test_a_retry_on_the_other_transport_does_not_change_what_accepted_it_first(server: Running, world: World) -> None:
    message = {"id": str(uuid4()), "room_id": world.group, "content": "x"}
    server.do(world.ada, "send_message", **message)
    with server.device(world.ada) as device:
        assert device.call("send_message", **message).body["duplicate"]
    assert server.do(world.ada, "get_message_details", message_id=message["id"])["via"] == "http"


def test_who_has_seen_a_message_is_shown_where_the_room_shows_it(server: Running, world: World) -> None:
    def seen(who: Someone, message_id: str) -> Any:
        return server.do(who, "get_message_details", message_id=message_id).get("seen_by")

    message = server.do(world.ada, "send_message", room_id=world.group, content="Read me.")["message"]
    assert seen(world.ada, message["id"]) is None
    room = server.do(world.ada, "update_room", room_id=world.group, shows_seen=True)["room"]
    assert room["shows_seen"]
    assert seen(world.ada, message["id"]) == {"count": 0, "people": []}
    server.do(world.ben, "mark_read", room_id=world.group, seq=message["seq"])
    ben = {name: value for name, value in seen(world.ben, message["id"])["people"][0].items() if name == "id"}
    assert ben == {"id": world.ben.id}
    server.do(world.ada, "add_members", room_id=world.group, user_ids=[world.cyd.id])
    server.do(world.cyd, "mark_read", room_id=world.group, seq=2**53 - 1)
    assert seen(world.ada, message["id"])["count"] == 1  # cyd came later
    assert seen(world.dan, world.by_ada) is None  # left
    server.do(world.ben, "leave_room", room_id=world.group)
    assert seen(world.ada, message["id"])["count"] == 0
    server.do(world.ada, "update_room", room_id=world.group, shows_seen=False)
    assert seen(world.ada, message["id"]) is None


def test_a_reply_that_the_room_does_not_show_is_seen_in_its_thread(server: Running, world: World) -> None:
    server.do(world.ada, "update_room", room_id=world.group, shows_seen=True)

    def count() -> int:
        return int(server.do(world.ben, "get_message_details", message_id=world.reply)["seen_by"]["count"])

    server.do(world.ada, "mark_read", room_id=world.group, seq=2**53 - 1)
    assert count() == 0
    server.do(world.ada, "mark_thread_read", message_id=world.by_ada, seq=2**53 - 1)
    assert count() == 1


def test_a_large_room_shows_how_many_have_seen_a_message_and_not_who(
    server: Running, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message_details, "NAMED", 1)
    server.do(world.ada, "update_room", room_id=world.group, shows_seen=True)
    server.do(world.ben, "mark_read", room_id=world.group, seq=2**53 - 1)
    assert server.do(world.ada, "get_message_details", message_id=world.by_ada)["seen_by"] == {"count": 1}
