"""The gate before a site's policy: when it is open, and in which order messages pass it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from msgspec import Struct

from backchannel.accounts.verdicts import REMEMBERED, Check, Verdicts
from backchannel.protocol.commands import Command, JoinRoom, SendMessage
from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.shapes import User
from backchannel.transports.gate import Gate

ROOM, ADA = 7, 24


class AskAboutSends:
    answers: Mapping[type[Command], Callable[[Any, User], Struct]] = {}

    def __init__(self, *, changes_text: bool = False) -> None:
        self.now = 0.0
        self.verdicts = Verdicts(5.0, lambda: self.now)
        self.changes_text = changes_text
        self.before: Mapping[type[Command], Check] = {SendMessage: lambda command, _: command}


def send(room_id: int = ROOM) -> SendMessage:
    return SendMessage(id=uuid4(), room_id=room_id, content="X")


def test_without_a_policy_and_for_what_it_is_not_asked_the_gate_is_open() -> None:
    assert Gate().is_open(send(), ADA)
    assert Gate(AskAboutSends()).is_open(JoinRoom(room_id=ROOM), ADA)


def test_a_remembered_yes_opens_it_for_this_person_and_room_for_a_while() -> None:
    checks = AskAboutSends()
    gate = Gate(checks)
    assert not gate.is_open(send(), ADA)
    checks.verdicts.put(ADA, ROOM, None)
    assert gate.is_open(send(), ADA)
    assert not gate.is_open(send(8), ADA)
    assert not gate.is_open(send(), 25)
    checks.now = 5.0
    assert not gate.is_open(send(), ADA)


def test_a_remembered_no_does_not_open_it_nor_does_a_yes_where_each_text_is_asked_about() -> None:
    checks = AskAboutSends()
    checks.verdicts.put(ADA, ROOM, CommandError(Code.FORBIDDEN, "No."))
    assert not Gate(checks).is_open(send(), ADA)
    moderated = AskAboutSends(changes_text=True)
    moderated.verdicts.put(ADA, ROOM, None)
    assert not Gate(moderated).is_open(send(), ADA)


async def test_a_message_does_not_overtake_one_that_waits_for_its_verdict() -> None:
    checks = AskAboutSends()
    gate = Gate(checks)
    passed: list[str] = []

    async def go(name: str, until: asyncio.Event) -> None:
        async with gate.turn(send(), ADA):
            await until.wait()
            passed.append(name)

    first, second = asyncio.Event(), asyncio.Event()
    second.set()
    tasks = [asyncio.create_task(go("first", first)), asyncio.create_task(go("second", second))]
    await asyncio.sleep(0)
    checks.verdicts.put(ADA, ROOM, None)
    assert not gate.is_open(send(), ADA)
    first.set()
    await asyncio.gather(*tasks)
    assert passed == ["first", "second"]
    assert gate.is_open(send(), ADA)


async def test_a_turn_that_is_given_up_lets_the_next_one_in() -> None:
    gate = Gate(AskAboutSends())
    entered = asyncio.Event()

    async def wait() -> None:
        async with gate.turn(send(), ADA):
            await asyncio.Event().wait()

    async def enter() -> None:
        async with gate.turn(send(), ADA):
            entered.set()

    held, waiting = asyncio.create_task(wait()), asyncio.create_task(wait())
    await asyncio.sleep(0)
    last = asyncio.create_task(enter())
    for task in (waiting, held):
        task.cancel()
    await asyncio.gather(held, waiting, last, return_exceptions=True)
    assert entered.is_set()
    assert gate._turns == {}


def test_verdicts_are_bounded() -> None:
    verdicts = Verdicts(5.0, lambda: 0.0)
    for person in range(REMEMBERED + 1):
        verdicts.put(person, ROOM, None)
    assert verdicts.get(0, ROOM) is None
    assert verdicts.get(REMEMBERED, ROOM) == (None,)
