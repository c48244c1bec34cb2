"""Every command by everybody who may stand before a room, on both transports: who is let in, and who is told what.

The cases of `cases.py` look at each command closely; the table in `roles.py` has no hole: a new command must say there who may use it.
"""

from collections.abc import Iterator

import pytest

from backchannel.protocol.commands import COMMANDS
from tests.conformance.roles import MATRIX, MOVES, OK, ROLES
from tests.conformance.world import World, build
from tests.running import Device, Running


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
