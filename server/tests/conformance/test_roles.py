"""Every command by everybody who may stand before a room, on both transports: who is let in, and who is told what.

The cases of `cases.py` look at each command closely; this table has no hole: a command that is new must say here who may use it.
"""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from backchannel.protocol.commands import COMMANDS
from tests.conformance.world import World, build
from tests.running import Device, Running

ROLES = {"owner": "ada", "member": "ben", "left": "dan", "removed": "eve", "stranger": "cyd"}
OK, NOT_IN, NOT_YOURS = None, "not_a_member", "forbidden"
Fields = Callable[[World], dict[str, Any]]

ANYBODY = dict.fromkeys(ROLES, OK)
MEMBERS = {**dict.fromkeys(ROLES, NOT_IN), "owner": OK, "member": OK}
OWNER = {**MEMBERS, "member": NOT_YOURS}


def of_group(**rest: Any) -> Fields:
    return lambda w: {"room_id": w.group, **rest}


MATRIX: dict[str, tuple[Fields, dict[str, str | None]]] = {
    "get_me": (lambda w: {}, ANYBODY),
    "get_room_list": (lambda w: {}, ANYBODY),
    "get_room": (of_group(), MEMBERS),
    "send_message": (lambda w: {"room_id": w.group, "content": "Hello.", "id": str(uuid4())}, MEMBERS),
    "edit_message": (lambda w: {"message_id": w.by_ada, "content": "From Ada."}, OWNER),
    "delete_message": (lambda w: {"message_id": w.deleted}, OWNER),
    "add_reaction": (lambda w: {"message_id": w.by_ada, "emoji": "+1"}, MEMBERS),
    "remove_reaction": (lambda w: {"message_id": w.by_ada, "emoji": "+1"}, MEMBERS),
    "get_history": (of_group(), {**MEMBERS, "left": OK}),
    "get_events": (of_group(after=0), MEMBERS),
    "mark_read": (of_group(seq=1), MEMBERS),
    "typing": (of_group(active=True), MEMBERS),
    "set_presence": (lambda w: {"state": "online"}, ANYBODY),
    "create_room": (lambda w: {"kind": "group"}, ANYBODY),
    "update_room": (of_group(topic="T"), MEMBERS),
    "join_room": (of_group(), {**dict.fromkeys(ROLES, NOT_YOURS), "owner": OK, "member": OK}),
    "leave_room": (of_group(), {**MEMBERS, "left": OK}),
    "add_members": (lambda w: {"room_id": w.group, "user_ids": [w.ben.id]}, MEMBERS),
    # The owner, who is the one to be removed: that the owner may remove others is among the cases.
    "remove_member": (lambda w: {"room_id": w.group, "user_id": w.ada.id}, {**OWNER, "owner": "invalid"}),
    "get_members": (of_group(), MEMBERS),
    "get_people": (lambda w: {"query": "nobody at all"}, ANYBODY),
    "get_channels": (lambda w: {"query": "nothing at all"}, ANYBODY),
    "ping": (lambda w: {}, ANYBODY),
}
# A second try of this stands before another world than the first.
MOVES = {"leave_room"}


@pytest.fixture(scope="module")
def world(server: Running) -> World:
    return build(server)


@pytest.fixture(scope="module")
def devices(server: Running, world: World) -> Iterator[dict[str, Device]]:
    opened = {role: server.device(world.people[name]) for role, name in ROLES.items()}
    yield opened
    for device in opened.values():
        device.close()


def test_every_command_says_who_may_use_it() -> None:
    assert set(MATRIX) == set(COMMANDS)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("word", MATRIX)
def test_who_may_do_what_is_the_same_on_both_transports(
    server: Running, world: World, devices: dict[str, Device], word: str, role: str
) -> None:
    fields, expected = MATRIX[word]
    stage = build(server) if word in MOVES else world
    who = stage.people[ROLES[role]]
    if word in MOVES:
        with server.device(who) as device:
            heard = device.call(word, **fields(stage))
        stage = build(server)
        who = stage.people[ROLES[role]]
    else:
        heard = devices[role].call(word, **fields(stage))
    assert (heard.ok, heard.code) == (expected[role] is OK, expected[role])
    if COMMANDS[word].method is not None:
        read = server.call(who, word, **fields(stage))
        assert (read.ok, read.code) == (heard.ok, heard.code)


@pytest.mark.parametrize("word", [word for word, declaration in COMMANDS.items() if declaration.method])
def test_nobody_may_do_anything_without_saying_who_they_are(server: Running, world: World, word: str) -> None:
    answer = server.call(None, word, **MATRIX[word][0](world))
    assert (answer.status, answer.code) == (401, "unauthenticated")
