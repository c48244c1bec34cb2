"""Threads as clients see them: pages, frames, people who left or return. The counts by seeds are in `store/test_threads.py`."""

from __future__ import annotations

import base64
import json
from typing import Any
from uuid import uuid4

import pytest

from tests.conformance.world import World, build
from tests.running import WAYS, Running, Someone


@pytest.fixture
def world(server: Running) -> World:
    return build(server)


def reply(world: World, who: Someone, root: str, content: str = "So.", **rest: Any) -> Any:
    return world.server.do(who, "send_message", room_id=world.group, content=content, thread=root, **rest)["message"]


def thread(world: World, who: Someone, root: str, **rest: Any) -> Any:
    return world.server.do(who, "get_thread", message_id=root, **rest)


def row(world: World, who: Someone) -> Any:
    return world.server.do(who, "get_room", room_id=world.group)["room"]


def test_a_client_without_threads_sees_a_flat_room_complete_and_in_order(world: World) -> None:
    before = world.head(world.group)
    sent = [reply(world, who, world.by_ben) for who in (world.ada, world.ben, world.ada)]
    page = world.server.do(world.ada, "get_history", room_id=world.group, after=before)
    assert [message["id"] for message in page["messages"]] == [message["id"] for message in sent]
    events = world.server.do(world.ada, "get_events", room_id=world.group, after=before)["events"]
    assert [(event["type"], event["seq"]) for event in events] == [
        ("message_created", before + number) for number in (1, 2, 3)
    ]
    assert row(world, world.ben)["last_message"]["id"] == sent[-1]["id"]


def test_a_thread_is_paged_as_a_room_is(world: World) -> None:
    ids = [reply(world, world.ada, world.by_ben, str(number))["id"] for number in range(7)]
    newest = thread(world, world.ben, world.by_ben, limit=3)
    assert ([message["id"] for message in newest["messages"]], newest["has_more"]) == (ids[4:], True)
    older = thread(world, world.ben, world.by_ben, limit=3, before=newest["messages"][0]["seq"])
    assert ([message["id"] for message in older["messages"]], older["has_more"]) == (ids[1:4], True)
    first = thread(world, world.ben, world.by_ben, limit=3, after=0)
    assert ([message["id"] for message in first["messages"]], first["has_more"]) == (ids[:3], True)
    around = thread(world, world.ben, world.by_ben, limit=4, around=first["messages"][2]["seq"])
    assert [message["id"] for message in around["messages"]] == ids[:4]
    assert newest["root"]["thread_summary"]["count"] == 7
    assert newest["as_of_seq"] == world.head(world.group)


@pytest.mark.parametrize("way", WAYS)
def test_the_list_is_paged_by_the_newest_reply(world: World, way: str) -> None:
    say = world.server.sender(way)
    roots = [
        world.server.do(world.ada, "send_message", room_id=world.group, content=f"Root {number}.")["message"]["id"]
        for number in range(5)
    ]
    for root in (*roots, roots[1]):
        reply(world, world.ben, root)
    newest_first = [roots[1], roots[4], roots[3], roots[2], roots[0]]
    found: list[str] = []
    before: dict[str, Any] = {}
    while True:
        page = say(world.ada, "get_threads", room_id=world.group, limit=2, **before).body
        found += [listed["root"]["id"] for listed in page["threads"]]
        assert page["has_more"] == (page["before"] is not None)
        if not page["has_more"]:
            break
        before = {"before": page["before"]}
    assert found[:5] == newest_first
    assert found[5:] == [world.by_ada]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "place", [None, "x", [1, 2], [1, 2, 3, 4], [1.5, 1, 1], [-1, 1, 1], [2**63, 1, 1], [1, 10**30, 1], [1, 1, 2**53]]
)
def test_a_place_in_the_list_that_no_page_ended_at_is_refused(world: World, way: str, place: Any) -> None:
    before = "?" * 20 if place is None else base64.urlsafe_b64encode(json.dumps(place).encode()).decode()
    refused = world.server.sender(way)(world.ada, "get_threads", before=before)
    assert (refused.code, list(refused.body["errors"])) == ("invalid", ["before"])


def test_a_first_reply_is_announced_to_all_who_follow_by_it(world: World) -> None:
    with world.server.device(world.ada) as ada, world.server.device(world.ben) as ben:
        ada.take(), ben.take()
        reply(world, world.ben, world.by_ada)  # both follow it already
        assert {frame["type"] for frame in [*ada.take(), *ben.take()]} - {"presence"} == {"message_created"}
        # Ben wrote it and mentioned Ada in it; Ada replies.
        reply(world, world.ada, world.by_ben)
        for device in (ada, ben):
            frames = [frame for frame in device.take() if frame["type"] != "presence"]
            assert sorted(frame["type"] for frame in frames) == ["message_created", "read_state", "thread_state"]
            state = next(frame for frame in frames if frame["type"] == "thread_state")
            assert (state["root"], state["following"], state["seq"]) == (world.by_ben, True, world.head(world.group))
            assert state["unread_count"] == (1 if device is ben else 0)


def test_all_devices_of_a_reader_get_the_mark_and_the_counts(world: World) -> None:
    assert row(world, world.ada)["thread_unread_count"] == 1
    with world.server.device(world.ada) as device:
        device.take()
        marked = world.server.do(world.ada, "mark_thread_read", message_id=world.by_ada, seq=10**6)
        assert (marked["unread_count"], marked["read_seq"]) == (0, world.head(world.group))
        frames = [frame for frame in device.take() if frame["type"] != "presence"]
        assert [(frame["type"], frame["user_version"] - frames[0]["user_version"]) for frame in frames] == [
            ("thread_state", 0),
            ("read_state", 1),
        ]
        assert frames[1]["thread_unread_count"] == 0
        world.server.do(world.ada, "mark_thread_read", message_id=world.by_ada, seq=1)
        assert [frame for frame in device.take() if frame["type"] != "presence"] == []
    assert "thread_unread_count" not in row(world, world.ada)


def test_a_mark_of_threads_alone_is_sent_to_all_devices(world: World) -> None:
    world.server.do(world.ada, "mark_read", room_id=world.group, seq=10**6)
    with world.server.device(world.ada) as device:
        device.take()
        world.server.do(world.ada, "mark_read", room_id=world.group, seq=10**6, threads=True)
        [frame] = [frame for frame in device.take() if frame["type"] != "presence"]
        assert (frame["type"], frame["thread_unread_count"]) == ("read_state", 0)


def test_who_left_reads_a_thread_up_to_there_and_returns_with_all_threads_read(world: World) -> None:
    seen = reply(world, world.ada, world.by_ben)
    world.server.do(world.ben, "leave_room", room_id=world.group)
    reply(world, world.ada, world.by_ben, f"@{world.ben.user.username}")
    page = thread(world, world.ben, world.by_ben)
    assert [message["id"] for message in page["messages"]] == [seen["id"]]
    assert (page["root"]["thread_summary"], page["following"], page["unread_count"]) == (None, False, 0)
    assert world.server.do(world.ben, "get_threads") == {"threads": [], "has_more": False, "before": None}
    world.server.do(world.ada, "edit_message", message_id=world.by_ada, content="Other words.")
    assert thread(world, world.ben, world.by_ada)["root"] is None
    for word in ("follow_thread", "unfollow_thread"):
        assert world.server.call(world.ben, word, message_id=world.by_ben).code == "not_a_member"
    world.server.do(world.ada, "add_members", room_id=world.group, user_ids=[world.ben.id])
    assert "thread_unread_count" not in row(world, world.ben)
    reply(world, world.ada, world.by_ben)
    assert row(world, world.ben)["thread_unread_count"] == 1
    assert thread(world, world.ben, world.by_ben)["following"]
    world.server.do(world.ada, "remove_member", room_id=world.group, user_id=world.ben.id)
    assert world.server.call(world.ben, "get_thread", message_id=world.by_ben).code == "not_a_member"


def test_a_retry_of_a_reply_is_recognised_and_does_not_count_twice(world: World) -> None:
    id_ = str(uuid4())
    fields = {"room_id": world.group, "content": "So.", "id": id_, "thread": world.by_ben}
    answers = [world.server.call(world.ada, "send_message", **fields) for _ in range(3)]
    assert [answer.body["duplicate"] for answer in answers] == [False, True, True]
    assert thread(world, world.ada, world.by_ben)["root"]["thread_summary"]["count"] == 1
    for other in ({"thread": world.by_ada}, {"in_room": True}):
        assert world.server.call(world.ada, "send_message", **{**fields, **other}).code == "id_reused"


def test_a_deleted_thread_keeps_its_replies_and_its_summary(world: World) -> None:
    world.server.do(world.ada, "delete_message", message_id=world.by_ada)
    page = thread(world, world.ben, world.by_ada)
    assert (page["root"]["deleted"], page["root"]["thread_summary"]["count"]) == (True, 1)
    assert [message["id"] for message in page["messages"]] == [world.reply]
    deleted = world.server.do(world.ben, "delete_message", message_id=world.reply)["message"]
    page = thread(world, world.ben, world.by_ada)
    assert page["root"]["thread_summary"]["count"] == 0
    assert page["root"]["thread_summary"]["rev"] == deleted["rev_seq"]
    assert page["messages"][0]["deleted"]
    assert "thread_unread_count" not in row(world, world.ada)
