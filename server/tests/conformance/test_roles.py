"""Every command in every role, on both transports: who may use it, and with which code the others are refused.

`cases.py` tests each command in detail. The table in `roles.py` is complete: a new command must be entered there.
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


def test_every_command_declares_who_may_use_it() -> None:
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
            by_socket = device.call(word, **fields(stage))
        stage = build(server)
        who = stage.people[ROLES[role]]
    else:
        by_socket = devices[role].call(word, **fields(stage))
    assert (by_socket.ok, by_socket.code) == (expected[role] is OK, expected[role])
    if COMMANDS[word].method is not None:
        by_http = server.call(who, word, **fields(stage))
        assert (by_http.ok, by_http.code) == (by_socket.ok, by_socket.code)


@pytest.mark.parametrize("word", [word for word, declaration in COMMANDS.items() if declaration.method])
def test_every_command_requires_authentication(server: Running, world: World, word: str) -> None:
    answer = server.call(None, word, **MATRIX[word][0](world))
    assert (answer.status, answer.code) == (401, "unauthenticated")
