"""Text is normalised alike on both transports: one spelling of an emoji, names without characters that mislead."""

from typing import Any

import msgspec
import pytest

from backchannel.protocol.commands import COMMANDS
from tests.conformance.world import World, build
from tests.running import Answer, Running

Send = Any


def ways(server: Running, world: World, who: str = "ada") -> dict[str, Send]:
    """Both transports, as functions of a command."""
    person = world.people[who]
    device = server.device(person)

    def by_socket(word: str, **fields: Any) -> Answer:
        return device.call(word, **fields)

    def by_http(word: str, **fields: Any) -> Answer:
        return server.call(person, word, **fields)

    return {"websocket": by_socket, "rest": by_http}


@pytest.mark.parametrize("way", ["websocket", "rest"])
def test_two_spellings_of_an_emoji_are_one_reaction(server: Running, way: str) -> None:
    world = build(server)
    ada, ben = ways(server, world)[way], ways(server, world, "ben")[way]
    ada("add_reaction", message_id=world.by_ben, emoji="❤")
    reactions = ben("add_reaction", message_id=world.by_ben, emoji="❤\ufe0f").body["message"]["reactions"]
    assert reactions == [{"emoji": "❤\ufe0f", "count": 2, "user_ids": [world.ada.id, world.ben.id]}]
    events = server.do(world.ada, "get_events", room_id=world.group, after=0)["events"]
    assert [event["emoji"] for event in events if event["type"] == "reaction_added"] == ["❤\ufe0f"] * 2
    left = ada("remove_reaction", message_id=world.by_ben, emoji="❤\ufe0e").body["message"]["reactions"]
    assert left == [{"emoji": "❤\ufe0f", "count": 1, "user_ids": [world.ben.id]}]


@pytest.mark.parametrize("way", ["websocket", "rest"])
def test_names_and_topics_are_stored_without_misleading_characters(server: Running, way: str) -> None:
    world = build(server)
    say = ways(server, world)[way]
    room = say("create_room", kind="group", name="Pay\u202eroll\u200b", topic="\u2066All\u2069 of it\u2028\u00ad").body[
        "room"
    ]
    assert (room["name"], room["topic"]) == ("Payroll", "All of it")
    room = say("update_room", room_id=room["id"], name="می\u200cخواهم\u200e", topic="\u3164").body["room"]
    assert (room["name"], room["topic"]) == ("می\u200cخواهم", "")


@pytest.mark.parametrize("way", ["websocket", "rest"])
def test_a_read_state_names_the_seq_up_to_which_it_counts(server: Running, way: str) -> None:
    world = build(server)
    head = world.head(world.group)
    with server.device(world.ben) as other:
        answer = ways(server, world, "ben")[way]("mark_read", room_id=world.group, seq=1).body
        assert (answer["seq"], answer["read_seq"]) == (head, 1)
        update = other.until("read_state", room_id=world.group)
        assert {name: update[name] for name in answer} == answer


@pytest.mark.parametrize("word", COMMANDS)
def test_a_lone_surrogate_is_refused_by_the_commands_id_and_keeps_the_connection(server: Running, word: str) -> None:
    world = build(server)
    with server.device(world.ada) as device:
        fields = [field.name for field in msgspec.structs.fields(COMMANDS[word].struct) if field.name != "id"]
        for name in (*fields, "other", "nonsense", "more"):
            device.say(f'{{"type":"{word}","id":"mine","{name}":"a\\udc00"}}')
            error = device.until("error", id="mine")["error"]
            assert error["code"] in ("bad_frame", "invalid")
        assert device.call("get_me").ok


def test_a_body_that_is_not_an_object_is_refused_for_polls_and_commands(server: Running) -> None:
    ada = build(server).ada
    for path in ("/api/sync", "/api/rooms"):
        for body in (b"[]", b" 7", b"null", b'"x"', b'[{"kind": "group"}]'):
            headers = {**ada.headers, "Content-Type": "application/json"}
            answer = server.http.post(path, content=body, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (400, "bad_frame"), (path, body)


def test_the_error_for_a_lone_surrogate_in_a_body_names_it(server: Running) -> None:
    world = build(server)
    headers = {**world.ada.headers, "Content-Type": "application/json"}
    answer = server.http.post(f"/api/rooms/{world.group}/messages", content=r'{"content":"a\ud800"}', headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_frame")
    assert "half a character" in answer.json()["detail"]
