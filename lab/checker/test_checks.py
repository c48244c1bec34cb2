"""Each anomaly is found in a sound history with one change."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lab.checker.__main__ import main
from lab.checker.checks import check

Record = dict[str, Any]
History = list[Record]

ADA, BEN = 1, 2


def message(seq: int, id_: str, sender: int, content: str, **changes: Any) -> Record:
    return {
        "seq": seq, "id": id_, "sender": sender, "content": content, "deleted": False, "rev_seq": seq, "reactions": [],
        **changes,
    }  # fmt: skip


def received(client: str, user: int, link: Any, word: str, t: float = 2.0, **fields: Any) -> Record:
    return {"op": "received", "t": t, "client": client, "user": user, "link": link, "type": word, **fields}


def sound() -> History:
    """Ada sends two messages. Ben, who receives them on a socket, is then removed from the room."""
    first, second = message(1, "m1", ADA, "one"), message(2, "m2", ADA, "two")
    created = {"room": 7, "rev": 1}
    return [
        {"op": "link", "t": 1.0, "client": "b", "user": BEN, "link": 1, "transport": "websocket", "resume": None},
        received("b", BEN, 1, "hello", epoch="e", version=1),
        received("b", BEN, 1, "room_list", rooms={"7": 0}, version=1),
        received("b", BEN, 1, "caught_up"),
        {"op": "send", "t": 2.0, "client": "a", "user": ADA, "room": 7, "id": "m1", "content": "one"},
        received("b", BEN, 1, "message_created", seq=1, id="m1", content="one", **created),
        {"op": "ack", "t": 2.1, "client": "a", "user": ADA, "room": 7, "id": "m1", "seq": 1, "duplicate": False},
        {"op": "sent", "t": 2.1, "client": "a", "user": ADA, "room": 7, "id": "m1", "evidence": "ack"},
        {"op": "send", "t": 2.2, "client": "a", "user": ADA, "room": 7, "id": "m2", "content": "two"},
        received("b", BEN, 1, "message_created", seq=2, id="m2", content="two", **created),
        {"op": "ack", "t": 2.3, "client": "a", "user": ADA, "room": 7, "id": "m2", "seq": 2, "duplicate": False},
        {"op": "sent", "t": 2.3, "client": "a", "user": ADA, "room": 7, "id": "m2", "evidence": "ack"},
        {"op": "do", "t": 3.0, "client": "a", "user": ADA, "word": "remove_member", "room_id": 7, "user_id": BEN},
        received("b", BEN, 1, "room_removed", t=3.1, room=7, version=2),
        {"op": "quiet", "t": 9.0, "reached": True, "waits_for": ""},
        {
            "op": "log", "t": 9.0, "room": 7, "head": 3, "members": [ADA], "read": {"1": 0},
            "entries": [
                {"seq": 1, "at": 0, "type": "message_created", "id": "m1", "sender": ADA},
                {"seq": 2, "at": 0, "type": "message_created", "id": "m2", "sender": ADA},
                {"seq": 3, "at": 3.05, "type": "member_left", "user": BEN},
            ],
            "messages": [first, second],
        },
        {"op": "list", "t": 9.0, "user": ADA, "rooms": {
            "7": {"seq": 3, "read_seq": 0, "unread": 0, "mentioned": 0, "member_count": 1, "last": "m2"},
        }},
        {"op": "list", "t": 9.0, "user": BEN, "rooms": {}},
        {"op": "view", "t": 9.0, "client": "a", "user": ADA, "rooms": {
            "7": {"cursor": 3, "read_seq": 0, "unread": 0, "mentioned": 0, "messages": [first, second]},
        }},
        {"op": "view", "t": 9.0, "client": "b", "user": BEN, "rooms": {}},
    ]  # fmt: skip


def part(history: History, op: str, nth: int = 0) -> Record:
    return [record for record in history if record["op"] == op][nth]


def lose_an_acked_message(h: History) -> None:
    part(h, "ack", 1)["seq"] = 9


def store_it_twice(h: History) -> None:
    entry = part(h, "log")["entries"][1]
    entry["id"] = "m1"


def leave_a_gap(h: History) -> None:
    del part(h, "log")["entries"][1]


def store_what_nobody_sent(h: History) -> None:
    part(h, "log")["messages"][0]["content"] = "something else"


def store_in_another_order(h: History) -> None:
    part(h, "send", 0)["id"], part(h, "send", 1)["id"] = "m2", "m1"


def deliver_another_event_at_a_seq(h: History) -> None:
    part(h, "received", 3)["id"] = "m9"


def double_an_event(h: History) -> None:
    h.insert(6, copy.deepcopy(h[5]))


def skip_an_event(h: History) -> None:
    h.remove(part(h, "received", 3))


def deliver_to_a_removed_member(h: History) -> None:
    h.insert(14, received("b", BEN, 1, "room_updated", t=3.2, room=7, seq=4))
    log = part(h, "log")
    log["head"] = part(h, "view")["rooms"]["7"]["cursor"] = part(h, "list")["rooms"]["7"]["seq"] = 4
    log["entries"].append({"seq": 4, "at": 0, "type": "room_updated"})


def answer_a_removed_sender(h: History, **changes: Any) -> None:
    """Ben replied to the second message before he was removed; his retry comes after that message was edited."""
    log = part(h, "log")
    mine = message(3, "m3", BEN, "three", **changes.pop("stored", {}))
    log["entries"] = [
        *log["entries"][:2],
        {"seq": 3, "at": 0, "type": "message_created", "id": "m3", "sender": BEN},
        {"seq": 4, "at": 3.05, "type": "member_left", "user": BEN},
        {"seq": 5, "at": 3.2, "type": "reaction_added", "id": "m3"},
        {"seq": 6, "at": 3.3, "type": "message_edited", "id": "m2"},
    ]
    edited = message(2, "m2", ADA, "new", rev_seq=6)
    log["messages"] = [log["messages"][0], edited, mine]
    log["head"] = 6
    h.insert(
        12,
        {
            "op": "do",
            "t": 3.0,
            "client": "a",
            "user": ADA,
            "word": "edit_message",
            "message_id": "m2",
            "content": "new",
        },
    )
    h.insert(13, {"op": "send", "t": 2.4, "client": "b", "user": BEN, "room": 7, "id": "m3", "content": "three"})
    h.insert(14, received("a", ADA, None, "message_edited", t=3.4, room=7, seq=6, id="m2", content="new", rev=6))
    ack = {"op": "ack", "t": 4.0, "client": "b", "user": BEN, "room": 7, "id": "m3", "seq": 3, "duplicate": True,
           "rev": 3, "content": "three", "quoted": "m2", "excerpt": ""}  # fmt: skip
    h.insert(15, {**ack, **changes})
    part(h, "view")["rooms"]["7"].update(cursor=6, messages=log["messages"], unread=1)
    part(h, "list")["rooms"]["7"].update(seq=6, unread=1, last="m3")


def answer_with_later_reactions(h: History) -> None:
    answer_a_removed_sender(h, rev=5)


def answer_with_the_edited_quote(h: History) -> None:
    answer_a_removed_sender(h, excerpt="new")


def keep_the_room_on_a_removed_members_screen(h: History) -> None:
    part(h, "view", 1)["rooms"] = part(h, "view")["rooms"]


def show_it_as_sent_before(h: History) -> None:
    sent = part(h, "sent")
    h.remove(sent)
    h.insert(5, sent)


def miss_a_message(h: History) -> None:
    part(h, "view")["rooms"]["7"]["messages"] = []


def show_an_old_state(h: History) -> None:
    part(h, "view")["rooms"]["7"]["messages"] = [message(1, "m1", ADA, "was"), part(h, "log")["messages"][1]]


def count_wrongly(h: History) -> None:
    part(h, "view")["rooms"]["7"]["unread"] = 1


def count_mentions_wrongly(h: History) -> None:
    part(h, "view")["rooms"]["7"]["mentioned"] = 1


def list_a_wrong_count(h: History) -> None:
    part(h, "list")["rooms"]["7"]["unread"] = 1


def list_a_room_of_others(h: History) -> None:
    part(h, "list", 1)["rooms"] = part(h, "list")["rooms"]


def make_two_direct_rooms_of_a_pair(h: History) -> None:
    for room in (8, 9):
        h.append({**part(h, "log"), "room": room, "kind": "direct", "members": [ADA, BEN], "entries": [], "messages": [],
                  "head": 0, "read": {"1": 0, "2": 0}})  # fmt: skip


def deliver_after_revocation(h: History) -> None:
    part(h, "link")["credential"] = "session:1"
    h.insert(1, {"op": "ended", "t": 1.5, "credential": "session:1"})
    h.append(received("b", BEN, 1, "read_state", t=70.0, version=3))


def stay_incomplete(h: History) -> None:
    part(h, "quiet").update(reached=False, waits_for="a")


def break_something(h: History) -> None:
    h.append({"op": "fault", "t": 9.5, "detail": "an exception"})


SPOILED: dict[Callable[[History], None], str] = {
    lose_an_acked_message: "acked lost",
    store_it_twice: "duplicate",
    leave_a_gap: "gap",
    store_what_nobody_sent: "phantom",
    store_in_another_order: "reordered",
    deliver_another_event_at_a_seq: "changed",
    double_an_event: "doubled",
    skip_an_event: "lost on the link",
    deliver_to_a_removed_member: "seen after removal",
    answer_with_later_reactions: "seen after removal",
    answer_with_the_edited_quote: "seen after removal",
    keep_the_room_on_a_removed_members_screen: "seen after removal",
    show_it_as_sent_before: "shown as sent",
    miss_a_message: "unseen",
    show_an_old_state: "divergent",
    count_wrongly: "unread",
    count_mentions_wrongly: "unread",
    list_a_wrong_count: "list",
    list_a_room_of_others: "list",
    make_two_direct_rooms_of_a_pair: "duplicate",
    deliver_after_revocation: "received after revocation",
    stay_incomplete: "incomplete",
    break_something: "fault",
}


def test_a_sound_history_has_no_anomaly() -> None:
    assert check(sound()) == []


@pytest.mark.parametrize("spoil", SPOILED, ids=lambda spoil: spoil.__name__)
def test_each_anomaly_is_reported_by_its_kind(spoil: Callable[[History], None]) -> None:
    history = sound()
    spoil(history)
    assert SPOILED[spoil] in {anomaly.kind for anomaly in check(history)}


def test_a_retry_after_a_removal_may_be_answered_with_what_was_sent() -> None:
    history = sound()
    answer_a_removed_sender(history)
    assert check(history) == []


def test_a_message_without_an_answer_may_be_stored_or_not() -> None:
    history = sound()
    for op in ("ack", "sent"):
        history.remove(part(history, op, 1))
    assert check(history) == []
    history.insert(9, {"op": "send", "t": 2.3, "client": "a", "user": ADA, "room": 7, "id": "m3", "content": "three"})
    assert check(history) == []


def test_a_client_that_holds_only_the_end_of_a_room_need_not_show_its_beginning() -> None:
    history = sound()
    shown = part(history, "view")["rooms"]["7"]
    shown["messages"] = shown["messages"][1:]
    shown["since"] = 2
    assert check(history) == []
    shown["since"] = 1
    assert {anomaly.kind for anomaly in check(history)} == {"unseen"}


def test_a_file_is_checked_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = tmp_path / "good.jsonl", tmp_path / "bad.jsonl"
    good.write_text("".join(json.dumps(record) + "\n" for record in sound()))
    spoiled = sound()
    leave_a_gap(spoiled)
    bad.write_text("".join(json.dumps(record) + "\n" for record in spoiled))
    assert main([str(good)]) == 0
    assert main([str(good), str(bad)]) == 1
    assert "gap" in capsys.readouterr().out
