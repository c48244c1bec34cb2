"""Pins: their order, their number, and who sees them. What holds for every command is tested with the others."""

from __future__ import annotations

import pytest

from backchannel.commands.pin_message import PINS
from tests.conformance.world import World, build
from tests.running import Running, Someone


@pytest.fixture
def world(server: Running) -> World:
    return build(server)


def send(world: World, content: str = "x") -> str:
    sent = world.server.do(world.ada, "send_message", room_id=world.group, content=content)
    return str(sent["message"]["id"])


def pin(world: World, who: Someone, message_id: str) -> None:
    assert world.server.do(who, "pin_message", message_id=message_id)["message"]["pinned"]


def pins(world: World, who: Someone) -> list[str]:
    messages = world.server.do(who, "get_pins", room_id=world.group)["messages"]
    assert all(message["pinned"] for message in messages)
    return [message["id"] for message in messages]


def test_the_newest_pin_is_first_and_any_member_may_unpin(world: World) -> None:
    for message_id in (world.by_ben, world.by_ada):
        pin(world, world.ben, message_id)
    pin(world, world.ada, world.by_ben)  # already pinned: keeps its position
    assert pins(world, world.ada) == [world.by_ada, world.by_ben]
    assert not world.server.do(world.ada, "unpin_message", message_id=world.by_ada)["message"]["pinned"]
    assert pins(world, world.ben) == [world.by_ben]
    pin(world, world.ben, world.by_ada)
    assert pins(world, world.ben) == [world.by_ada, world.by_ben]


def test_the_number_of_pins_is_limited_and_a_deleted_message_frees_one(world: World) -> None:
    pinned = [send(world) for _ in range(PINS)]
    for message_id in pinned:
        pin(world, world.ada, message_id)
    head = world.head(world.group)
    refused = world.server.call(world.ada, "pin_message", message_id=world.by_ben)
    assert (refused.status, refused.code, list(refused.body["errors"])) == (422, "invalid", ["message_id"])
    pin(world, world.ben, pinned[0])  # a retry adds no pin
    assert world.head(world.group) == head
    world.server.do(world.ada, "delete_message", message_id=pinned[0])
    pin(world, world.ada, world.by_ben)
    assert pins(world, world.ada) == [world.by_ben, *reversed(pinned[1:])]


def test_a_deleted_message_is_not_pinned_and_its_events_stay_in_the_log(world: World) -> None:
    before = world.head(world.group)
    pin(world, world.ben, world.by_ada)
    world.server.do(world.ada, "edit_message", message_id=world.by_ada, content="Better.")
    assert pins(world, world.ben) == [world.by_ada]
    tombstone = world.server.do(world.ada, "delete_message", message_id=world.by_ada)["message"]
    assert (tombstone["pinned"], pins(world, world.ben)) == (False, [])
    page = world.server.do(world.ben, "get_events", room_id=world.group, after=before)
    first = page["events"][0]
    assert [event["type"] for event in page["events"]] == ["message_pinned", "message_edited", "message_deleted"]
    assert (first["message_id"], first["by"]["id"]) == (world.by_ada, world.ben.id)


def test_a_former_member_sees_messages_pinned_before_they_left_that_still_are(world: World) -> None:
    kept, unpinned, edited, later = (send(world, text) for text in ("kept", "unpinned", "edited", "later"))
    for message_id in (kept, unpinned, edited):
        pin(world, world.ada, message_id)
    world.server.do(world.ben, "leave_room", room_id=world.group)
    pin(world, world.ada, later)
    world.server.do(world.ada, "add_reaction", message_id=kept, emoji="👍")
    world.server.do(world.ada, "unpin_message", message_id=unpinned)
    world.server.do(world.ada, "edit_message", message_id=edited, content="Other words.")
    assert pins(world, world.ada) == [later, edited, kept]
    assert pins(world, world.ben) == [kept]
    page = world.server.do(world.ben, "get_history", room_id=world.group, limit=200)
    assert not next(message for message in page["messages"] if message["id"] == later)["pinned"]
    world.server.do(world.ada, "add_members", room_id=world.group, user_ids=[world.ben.id])
    assert pins(world, world.ben) == [later, edited, kept]
