"""Several nodes send what is due: each message once, in order, whichever of them looks first, dies, or runs ahead of the others."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec import structs

from backchannel.commands.cancel_scheduled import CancelScheduled
from backchannel.commands.delivery import Delivery
from backchannel.commands.schedule_message import ScheduleMessage
from backchannel.commands.send_scheduled import SendScheduled
from backchannel.protocol.commands import Command
from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.shapes import User
from backchannel.schedule.runner import ScheduleRunner
from backchannel.store import scheduled
from backchannel.store.clock import now_us
from backchannel.store.log import Log
from backchannel.store.models import Message as MessageRow
from backchannel.store.models import Scheduled as Row
from backchannel.store.operation import NOBODY, Operation
from backchannel.store.scheduled import Planned
from backchannel.store.transaction import Outcome, Transaction
from tests.reading import READS, run_read
from tests.store.making import do, person, room


@pytest.fixture(scope="module", autouse=True)
def _database(module_database: None) -> None:
    """All tests here share their module's database."""


@pytest.fixture(autouse=True)
def _fresh() -> None:
    Row.objects.all().delete()


async def allow(command: Command, _: User) -> Command:
    return command


Ask = Callable[[Command, User], Awaitable[Command]]


@asynccontextmanager
async def nodes(count: int, ask: Ask = allow) -> AsyncIterator[list[tuple[Log, ScheduleRunner]]]:
    """Each has its own writer."""
    logs = [Log(Delivery(lambda _: None)) for _ in range(count)]
    for log in logs:
        log.start(asyncio.get_running_loop())
    try:
        yield [(log, ScheduleRunner(log, READS, ask)) for log in logs]
    finally:
        for log in logs:
            await asyncio.to_thread(log.stop)


def planning(room_id: int, ada: User, content: str, id_: UUID | None = None) -> ScheduleMessage:
    planned = Planned(id_ or uuid4(), ada.id, room_id, now_us(), content, None, None, False, (), "waiting", 0)
    return ScheduleMessage(actor=ada, planned=planned, base_rev=None, draft_rev=None)


def several(count: int) -> tuple[User, int, list[UUID]]:
    """So many messages of one person for one room, that are due, in order."""
    ada = person()
    room_id = room(ada)
    return ada, room_id, [do(planning(room_id, ada, f"{number}")).scheduled.id for number in range(count)]


def sent_in(room_id: int) -> list[str]:
    return list(MessageRow.objects.filter(room_id=room_id).order_by("seq").values_list("content", flat=True))


async def test_three_nodes_that_look_at_once_send_each_message_once() -> None:
    _, room_id, _ = await run_read(several, 20)
    async with nodes(3) as running:
        await asyncio.gather(*(runner.send_due() for _, runner in running))
        await asyncio.gather(*(runner.send_due() for _, runner in running))
    contents = await run_read(sent_in, room_id)
    assert Counter(contents) == {f"{number}": 1 for number in range(20)}
    assert not await run_read(Row.objects.exists)


async def test_one_node_sends_in_the_order_of_the_times() -> None:
    _, room_id, _ = await run_read(several, 20)
    async with nodes(1) as [(_, runner)]:
        await runner.send_due()
    assert await run_read(sent_in, room_id) == [f"{number}" for number in range(20)]


async def test_changes_and_cancellations_race_with_three_nodes() -> None:
    """Each is either sent as it was, or changed or cancelled first; what the command was answered says which."""
    ada, room_id, ids = await run_read(several, 24)
    answers: dict[UUID, str] = {}

    async def change(log: Log, number: int) -> None:
        id_ = ids[number]
        operation: Operation = CancelScheduled(actor=ada, id=id_)
        if number % 2:
            operation = planning(room_id, ada, f"{number} changed", id_)
        try:
            answers[id_] = (await log.write(operation)).scheduled.state
        except CommandError as error:
            answers[id_] = error.code.word

    async with nodes(3) as running:
        work = [runner.send_due() for _, runner in running]
        changes = [change(running[number % 3][0], number) for number in range(24)]
        await asyncio.gather(*changes[:12], *work, *changes[12:])
        await running[0][1].send_due()
    contents = Counter(await run_read(sent_in, room_id))
    assert max(contents.values()) == 1
    for number, id_ in enumerate(ids):
        as_it_was, changed = contents[f"{number}"], contents[f"{number} changed"]
        expected = {"already_sent": (1, 0), "waiting": (0, 1), "cancelled": (0, 0)}[answers[id_]]
        assert (as_it_was, changed) == expected


async def test_a_node_that_dies_before_its_commit_leaves_the_message_to_the_next() -> None:
    _, room_id, _ = await run_read(several, 1)

    class Dying(Log):
        async def write(self, operation: Operation) -> Any:
            raise CommandError(Code.UNAVAILABLE, "This node is gone.")

    dying = Dying(Delivery(lambda _: None))
    with pytest.raises(CommandError):
        await ScheduleRunner(dying, READS, allow).send_due()
    async with nodes(1) as [(_, runner)]:
        await runner.send_due()
    assert await run_read(sent_in, room_id) == ["0"]


async def test_a_node_that_dies_after_its_commit_sends_nothing_twice() -> None:
    _, room_id, _ = await run_read(several, 1)
    async with nodes(2) as [(log, _), (_, other)]:
        due = await run_read(scheduled.due, 10)
        log.enqueue(SendScheduled(actor=NOBODY, planned=due[0], content=due[0].content), lambda _: None)
        await log.wait_committed()
        await other.send_due()
    assert await run_read(sent_in, room_id) == ["0"]


async def test_a_policy_refuses_or_does_not_answer_and_others_are_sent() -> None:
    _, room_id, ids = await run_read(several, 3)

    async def ask(command: Command, _: User) -> Command:
        if command.id == ids[0]:
            raise CommandError(Code.FORBIDDEN, "Not today.")
        if command.id == ids[1]:
            raise CommandError(Code.UNAVAILABLE, "No answer.")
        return command

    async with nodes(1, ask) as [(_, runner)]:
        assert await runner.send_due()
    assert await run_read(sent_in, room_id) == ["2"]
    states = dict(await run_read(lambda: list(Row.objects.values_list("id", "state"))))
    assert states == {ids[0]: "failed", ids[1]: "waiting"}


async def test_a_message_at_which_the_policy_breaks_is_refused_and_others_are_sent() -> None:
    _, room_id, ids = await run_read(several, 3)

    async def ask(command: Command, _: User) -> Command:
        if command.id == ids[1]:
            raise KeyError("a fault of the site's own code")
        return command

    async with nodes(1, ask) as [(_, runner)]:
        assert not await runner.send_due()
    assert await run_read(sent_in, room_id) == ["0", "2"]
    (kept,) = await run_read(lambda: list(Row.objects.values_list("id", "state", "code")))
    assert kept == (ids[1], "failed", "internal")


@pytest.mark.parametrize("text", ["", " \n", "a\x00b", "\ud800", "x" * 16385])
async def test_a_text_that_the_policy_made_is_checked_as_any_other(text: str) -> None:
    _, room_id, ids = await run_read(several, 2)

    async def ask(command: Command, _: User) -> Command:
        return structs.replace(command, content=text) if command.id == ids[0] else command

    async with nodes(1, ask) as [(_, runner)]:
        await runner.send_due()
    assert await run_read(sent_in, room_id) == ["1"]
    (kept,) = await run_read(lambda: list(Row.objects.values_list("id", "state", "code", "content")))
    assert kept == (ids[0], "failed", "invalid", "0")


async def test_many_that_the_policy_does_not_answer_about_keep_no_later_one_from_being_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("backchannel.schedule.runner.BATCH", 2)
    _, room_id, ids = await run_read(several, 7)

    async def ask(command: Command, _: User) -> Command:
        if command.id in ids[:5]:
            raise CommandError(Code.UNAVAILABLE, "No answer.")
        return command

    async with nodes(1, ask) as [(_, runner)]:
        assert await runner.send_due()
    assert await run_read(sent_in, room_id) == ["5", "6"]


async def test_a_message_whose_sending_breaks_is_refused_and_others_are_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    _, room_id, ids = await run_read(several, 3)
    send = SendScheduled._send

    def break_at_one(self: SendScheduled, transaction: Transaction, outcome: Outcome, planned: Planned) -> Any:
        if planned.id == ids[1] and self.refusal is None:
            raise ZeroDivisionError
        return send(self, transaction, outcome, planned)

    monkeypatch.setattr(SendScheduled, "_send", break_at_one)
    async with nodes(1) as [(_, runner)]:
        await runner.send_due()
    assert await run_read(sent_in, room_id) == ["0", "2"]
    (kept,) = await run_read(lambda: list(Row.objects.values_list("id", "state", "code")))
    assert kept == (ids[1], "failed", "internal")
