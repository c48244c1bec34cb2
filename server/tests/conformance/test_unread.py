"""What is marked as unread again: which devices receive it, and when it goes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.world import World, build
from tests.running import Running


@pytest.fixture
def world(server: Running) -> World:
    return build(server)


def state(world: World) -> dict[str, Any]:
    """How ada sees the group's counts."""
    room = world.server.do(world.ada, "get_room", room_id=world.group)["room"]
    return {name: room.get(name) for name in ("unread_count", "read_seq", "unread_from")}


@pytest.fixture
def read(world: World) -> int:
    """All of the group is read by ada. The head."""
    return int(world.server.do(world.ada, "mark_read", room_id=world.group, seq=10**6, threads=True)["read_seq"])


def test_all_devices_get_the_mark_once_and_the_read_mark_stays(world: World, read: int) -> None:
    with world.server.device(world.ada) as device, world.server.device(world.ben) as other:
        for each in (device, other):
            each.take()
        answer, again = (world.server.do(world.ada, "mark_unread", room_id=world.group, seq=1) for _ in range(2))
        assert answer == again
        assert (answer["read_seq"], answer["unread_from"]) == (read, 1)
        [frame] = [frame for frame in device.take() if frame["type"] != "presence"]
        assert (frame["type"], frame["unread_from"], frame["unread_count"]) == ("read_state", 1, answer["unread_count"])
        assert [frame for frame in other.take() if frame["type"] != "presence"] == []
    assert state(world)["unread_count"] == answer["unread_count"] > 0


def test_reading_a_part_leaves_the_rest_unread_and_reading_all_removes_the_mark(world: World, read: int) -> None:
    world.server.do(world.ada, "mark_unread", room_id=world.group, seq=2)
    marked = state(world)
    world.server.do(world.ada, "mark_read", room_id=world.group, seq=1)
    assert state(world) == marked
    assert world.server.do(world.ada, "mark_read", room_id=world.group, seq=2)["unread_from"] == 3
    assert state(world)["unread_count"] == marked["unread_count"] - 1
    assert world.server.do(world.ada, "mark_read", room_id=world.group, seq=read)["unread_from"] is None
    assert state(world) == {"unread_count": 0, "read_seq": read, "unread_from": None}


def test_a_message_that_arrives_is_unread_besides_and_read_with_the_rest(world: World, read: int) -> None:
    before = world.server.do(world.ada, "mark_unread", room_id=world.group, seq=1)["unread_count"]
    said = world.server.do(world.ben, "send_message", room_id=world.group, content="So.")["message"]
    assert state(world)["unread_count"] == before + 1
    after = world.server.do(world.ada, "mark_read", room_id=world.group, seq=said["seq"])
    assert (after["unread_count"], after["unread_from"], after["read_seq"]) == (0, None, said["seq"])


def test_a_mark_above_what_was_read_removes_an_earlier_one(world: World, read: int) -> None:
    world.server.do(world.ada, "mark_unread", room_id=world.group, seq=1)
    assert world.server.do(world.ada, "mark_unread", room_id=world.group, seq=read + 1)["unread_from"] is None
    assert state(world)["unread_count"] == 0


def test_a_thread_is_unread_again_and_read_again(world: World, read: int) -> None:
    with world.server.device(world.ada) as device:
        device.take()
        world.server.do(world.ada, "mark_unread", room_id=world.group, seq=1, thread=world.by_ada)
        frames = [frame for frame in device.take() if frame["type"] != "presence"]
        assert [(frame["type"], frame["unread_from"]) for frame in frames] == [
            ("thread_state", 1),
            ("read_state", None),
        ]
    [thread] = world.server.do(world.ada, "get_threads", unread=True)["threads"]
    assert (thread["root"]["id"], thread["unread_count"], thread["unread_from"]) == (world.by_ada, 1, 1)
    world.server.do(world.ada, "mark_read", room_id=world.group, seq=read, threads=True)
    assert world.server.do(world.ada, "get_threads", unread=True)["threads"] == []


def test_a_thread_that_one_does_not_follow_is_followed_from_then_on(world: World, read: int) -> None:
    world.server.do(world.ada, "unfollow_thread", message_id=world.by_ada)
    answer = world.server.do(world.ada, "mark_unread", room_id=world.group, seq=1, thread=world.by_ada)
    assert answer["thread_unread_count"] == 1
    assert world.server.do(world.ada, "get_thread", message_id=world.by_ada)["following"]


def test_who_returns_has_nothing_marked(world: World) -> None:
    world.server.do(world.ben, "mark_read", room_id=world.group, seq=10**6, threads=True)
    world.server.do(world.ben, "mark_unread", room_id=world.group, seq=1)
    world.server.do(world.ben, "mark_unread", room_id=world.group, seq=1, thread=world.by_ada)
    world.server.do(world.ben, "leave_room", room_id=world.group)
    world.server.do(world.ada, "add_members", room_id=world.group, user_ids=[world.ben.id])
    row = world.server.do(world.ben, "get_room", room_id=world.group)["room"]
    assert (row["unread_count"], row.get("unread_from"), row.get("thread_unread_count", 0)) == (0, None, 0)
    assert world.server.do(world.ben, "get_thread", message_id=world.by_ada).get("unread_from") is None
