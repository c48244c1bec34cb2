"""The reference client is held to the golden frames of protocol/vectors, and to the rules of SPEC.md, section 7."""

import copy
import random
from typing import Any

import pytest

from tests.protocol.vectors import read
from tests.reference import Frame
from tests.reference.replica import ROOM_EVENTS, RULES, USER_FRAMES, HeldRoom, Replica

FRAMES: dict[str, Frame] = {
    vector.name.removeprefix("server-"): vector.data["frame"]
    for vector in read("valid", "server")
    if isinstance(vector.data.get("frame"), dict)
}
NOT_OF_A_REPLICA = {"ack", "error", "caught_up", "going_away", "please_report", "pong", "presence", "typing"}
"""Frames that change nothing that a client holds."""
STRANGERS = {"weather"}
"""Types that version 1 does not know."""
MARY = 31
ROOM = 7
ANSWER = FRAMES["message_created"]["message"]
"""By Ada, mentions Mary, quotes QUESTION."""
QUESTION = {
    **ANSWER, "id": ANSWER["reply_to"]["id"], "seq": 1001, "rev_seq": 1001, "sender": ANSWER["reply_to"]["sender"],
    "content": ANSWER["reply_to"]["excerpt"], "reply_to": None, "reactions": [], "mentions": [],
}  # fmt: skip
STORY = [
    FRAMES[name]
    for name in (
        "message_edited",
        "message_deleted",
        "reaction_added",
        "reaction_removed",
        "member_joined",
        "member_left",
    )
] + [FRAMES["room_updated"]]
"""Events 1043 to 1049 of the room."""


def replica(version: int = 42) -> Replica:
    """Of Mary, who has room 7 at seq 1042, with both messages."""
    made = Replica(MARY)
    made.receive(FRAMES["hello"])
    made.receive({**FRAMES["room_list"], "epoch": FRAMES["hello"]["epoch"], "user_version": version})
    load = made.rooms[ROOM].begin_load()
    assert not made.page(ROOM, load, {"messages": [QUESTION, ANSWER], "has_more": False})
    made.take_needs()
    return made


def state(of: Replica) -> Any:
    rooms = {id_: (held.cursor, held.row, held.messages) for id_, held in of.rooms.items()}
    return copy.deepcopy((of.epoch, of.version, rooms))


def room_of(of: Replica) -> HeldRoom:
    return of.rooms[ROOM]


def test_every_frame_of_the_protocol_has_a_rule_or_changes_nothing_held() -> None:
    types = {frame["type"] for frame in FRAMES.values()}
    assert types == RULES.keys() | NOT_OF_A_REPLICA | STRANGERS


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_received_twice_is_applied_once(name: str) -> None:
    frame = FRAMES[name]
    client = replica(version=max(0, frame.get("user_version", 43) - 1))
    if frame["type"] in ROOM_EVENTS:
        room_of(client).cursor = room_of(client).head = frame["seq"] - 1
    before, received = state(client), copy.deepcopy(frame)
    client.receive(frame)
    once = state(client)
    client.receive(frame)
    assert state(client) == once
    assert frame == received, "frames are shared, and must not be altered"
    assert (once != before) == (frame["type"] in RULES.keys() - {"hello", "ping", "room_heads"})


@pytest.mark.parametrize("name", [name for name, frame in FRAMES.items() if frame["type"] in ROOM_EVENTS])
def test_an_event_moves_the_cursor_of_its_room(name: str) -> None:
    client = replica()
    room_of(client).cursor = room_of(client).head = FRAMES[name]["seq"] - 1
    client.receive(FRAMES[name])
    assert room_of(client).cursor == FRAMES[name]["seq"]


def play(frames: list[Frame]) -> Replica:
    client = replica()
    for frame in frames:
        client.receive(frame)
    return client


def test_events_change_messages_and_rows() -> None:
    client = play(STORY[:1])
    edited = STORY[0]["message"]
    assert room_of(client).messages[edited["id"]] == edited
    assert room_of(client).row["last_message"]["content"] == edited["content"]
    client = play(STORY[:2])
    assert room_of(client).messages[edited["id"]]["deleted"]
    assert (room_of(client).row["unread_count"], room_of(client).row["mention_count"]) == (0, 0)
    client = play(STORY[:3])
    assert room_of(client).messages[QUESTION["id"]]["reactions"] == [{"emoji": "👍", "count": 1, "user_ids": [24]}]
    client = play(STORY[:4])
    assert room_of(client).messages[QUESTION["id"]]["reactions"] == []
    client = play(STORY)
    assert (room_of(client).row["topic"], room_of(client).row["seq"]) == ("Difference, too", 1049)
    assert not client.needs.any_requests


def test_a_quote_shows_the_current_text_of_its_message() -> None:
    edit = {**STORY[0], "message": {**QUESTION, "content": "What does\nit do?", "rev_seq": 1043}}
    client = play([edit])
    assert room_of(client).messages[ANSWER["id"]]["reply_to"]["excerpt"] == "What does it do?"


@pytest.mark.parametrize("seed", range(20))
def test_events_in_any_order_and_more_than_once_have_the_same_effect(seed: int) -> None:
    shuffled = [*STORY, *random.Random(seed).choices(STORY, k=4)]
    random.Random(seed).shuffle(shuffled)
    assert state(play(shuffled)) == state(play(STORY))


def test_an_event_beyond_a_gap_waits_and_asks_for_those_before_it() -> None:
    client = play(STORY[2:3])
    assert room_of(client).cursor == 1042
    assert list(client.take_needs().repair) == [ROOM]
    for event in STORY[:2]:
        client.receive(event)
    assert room_of(client).cursor == 1045


def test_a_change_received_while_history_is_loaded_is_applied_to_its_pages() -> None:
    client = replica()
    client.receive(FRAMES["room_reset"] | {"seq": 1042})
    load = room_of(client).begin_load()
    client.receive(STORY[0])
    client.page(ROOM, load, {"messages": [QUESTION, ANSWER], "has_more": False})
    assert room_of(client).messages[ANSWER["id"]] == STORY[0]["message"]


def test_a_page_of_an_earlier_load_is_ignored() -> None:
    client = replica()
    load = room_of(client).begin_load()
    client.receive(FRAMES["room_reset"])
    assert not client.page(ROOM, load, {"messages": [QUESTION], "has_more": True})
    assert room_of(client).messages == {}
    assert list(client.take_needs().history) == [ROOM]


def test_a_lost_user_frame_is_noticed_by_its_number_and_by_heartbeats() -> None:
    client = replica()
    client.receive(FRAMES["read_state"])
    assert (client.version, client.take_needs().room_list) == (42, True)
    client.receive(FRAMES["ping"])
    assert client.take_needs().room_list
    assert {frame["type"] for frame in FRAMES.values() if "user_version" in frame} >= USER_FRAMES


def test_another_epoch_drops_everything_that_is_numbered() -> None:
    client = replica()
    client.receive({**FRAMES["hello"], "epoch": "another"})
    assert (client.version, client.rooms, client.resume()) == (0, {}, None)
    assert client.take_needs().reoffer
