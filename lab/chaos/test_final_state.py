"""Reads the stored rooms, and names devices that miss something of them."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest

from lab.chaos import final_state

NOW_S = 1_795_600_000.0
ID = "0192f0c1a2b34c5d8e6f708192a3b4c5"

TABLES = """
CREATE TABLE backchannel_room (id, head);
CREATE TABLE backchannel_message (id, room_id, seq, rev_seq, sender_id, content, created_us, deleted, reactions);
CREATE TABLE backchannel_event (room_id, seq, kind, at_us, message_id, body);
CREATE TABLE backchannel_membership (room_id, person_id, state, read_seq);
"""


@pytest.fixture
def query() -> Any:
    """A room in which Ada (1) wrote, Ben (2) reacted, and Cem (3) was removed."""
    database = sqlite3.connect(":memory:")
    database.executescript(TABLES)
    at_us = int(NOW_S * 1_000_000)
    database.execute("INSERT INTO backchannel_room VALUES (7, 3)")
    row = (ID, 7, 1, 2, 1, "hello", at_us, 0, '[["👍",[2]]]')
    database.execute("INSERT INTO backchannel_message VALUES (?,?,?,?,?,?,?,?,?)", row)
    events = [
        (7, 3, "member_left", at_us, None, '{"user":{"id":3}}'),
        (7, 2, "reaction_added", at_us, ID, "{}"),
    ]
    database.executemany("INSERT INTO backchannel_event VALUES (?,?,?,?,?,?)", events)
    seats = [(7, 1, "member", 0), (7, 2, "member", 0), (7, 3, "removed", 0)]
    database.executemany("INSERT INTO backchannel_membership VALUES (?,?,?,?)", seats)
    return lambda text, *values: database.execute(text, values).fetchall()


def test_a_room_is_read_in_the_form_that_the_checker_expects(query: Any) -> None:
    [log] = final_state.logs(query, NOW_S)
    id_ = "0192f0c1-a2b3-4c5d-8e6f-708192a3b4c5"
    assert [(entry["seq"], entry["type"], entry.get("id"), entry.get("user")) for entry in log["entries"]] == [
        (1, "message_created", id_, None),
        (2, "reaction_added", id_, None),
        (3, "member_left", None, 3),
    ]
    assert (log["head"], log["members"], log["read"]) == (3, [1, 2], {1: 0, 2: 0})
    assert log["messages"] == [
        {
            "seq": 1,
            "id": id_,
            "sender": 1,
            "content": "hello",
            "deleted": False,
            "rev_seq": 2,
            "reactions": [["👍", [2]]],
        }
    ]


@pytest.mark.parametrize("days", [-1, 0, 1])
def test_the_time_of_a_clock_a_day_off_is_corrected(days: int) -> None:
    at_us = int((NOW_S + 12 + days * 86_400) * 1_000_000)
    assert final_state.true_time(at_us, NOW_S) == pytest.approx(NOW_S + 12)


def device(**changes: Any) -> dict[str, Any]:
    standing = {"head": 3, "read_seq": 0, "unread": 1, "newest": 1, "loaded": True, **changes.pop("room", {})}
    return {
        "name": "phone",
        "user": 2,
        "status": "connected",
        "reason": None,
        "waiting": 0,
        "rooms": {"7": standing},
        **changes,
    }


def test_a_complete_device_misses_nothing(query: Any) -> None:
    assert final_state.waits_for([device()], final_state.logs(query, NOW_S)) == ""


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "disconnected"},
        {"waiting": 1},
        {"rooms": {}},
        {"room": {"head": 2}},
        {"room": {"newest": 0}},
        {"room": {"unread": 0}},
        {"room": {"read_seq": 1}},
        {"room": {"loaded": False}},
        {"user": 3},
    ],
)
def test_an_incomplete_device_is_named(query: Any, changes: dict[str, Any]) -> None:
    assert "phone" in final_state.waits_for([device(**changes)], final_state.logs(query, NOW_S))
