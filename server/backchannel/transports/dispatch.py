"""A command → its operation, action or query → its answer: the same for both transports, with one rate and one set of errors."""

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from msgspec import Struct

from backchannel import commands, queries
from backchannel.commands.context import Caller
from backchannel.internal_error import internal_error
from backchannel.process_log import ProcessLog
from backchannel.protocol.commands import AddMembers, Command, CreateRoom, GetPeople, declaration_of
from backchannel.protocol.errors import CommandError
from backchannel.store.read_pool import resolve
from backchannel.store.transaction import Outcome
from backchannel.transports import metrics
from backchannel.transports.node import Node

HANDLED: Final[frozenset[type[Struct]]] = (
    frozenset(commands.OPERATIONS)
    | frozenset(commands.ACTIONS)
    | frozenset(queries.HANDLERS)
    | frozenset(queries.TIMED)
)

_NAMES_PEOPLE: Final = frozenset({CreateRoom, AddMembers, GetPeople})
_log = ProcessLog("backchannel.commands")


class Answer(Struct, frozen=True):
    """The answer to a command that succeeded."""

    result: Struct
    is_repeat: bool = False
    """The command had been carried out before, and changed nothing now."""


Reply = Callable[[Answer | CommandError], None]


def submit(command: Command, caller: Caller, node: Node, transport: str, reply: Reply) -> "asyncio.Task[None] | None":
    """Carry out `command`. `reply` is called once, on the event loop, now or later.

    What waits for more than the writer is returned as a task. Its transport may cancel it when nobody is left to be answered.
    """
    finish = partial(_finish, command, caller, transport, time.perf_counter(), reply)
    try:
        node.rates.check(caller.user.id, command, node.context.clock())
        is_operation = type(command) in commands.OPERATIONS
        if is_operation and not _external_ids(command) and node.gate.is_open(command, caller.user.id):
            _enqueue(command, caller, node, finish)
            return None
    except Exception as error:
        finish(error)
        return None
    return asyncio.get_running_loop().create_task(_carry_out(command, caller, node, finish))


async def run(command: Command, caller: Caller, node: Node, transport: str) -> Answer:
    """Carry out `command` and wait for its answer. Raises CommandError and nothing else."""
    answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

    def reply(answer: Answer | CommandError) -> None:
        if isinstance(answer, CommandError):
            resolve(answered, None, answer)
        else:
            resolve(answered, answer, None)

    task = submit(command, caller, node, transport, reply)
    try:
        return await answered
    finally:
        if task is not None:
            task.cancel()


Finish = Callable[[Answer | Exception], None]


def _finish_operation(finish: Finish, outcome: Outcome) -> None:
    finish(outcome.error or Answer(outcome.result, outcome.is_repeat))


def _enqueue(command: Command, caller: Caller, node: Node, finish: Finish, sent: Command | None = None) -> None:
    """`sent`: what the client sent, where the site's policy made `command` of it."""
    operation = commands.OPERATIONS[type(command)](command, caller, node.context)
    if sent is not None:
        operation = operation.made_of(sent)
    node.context.log.enqueue(operation, partial(_finish_operation, finish))


def _external_ids(command: Command) -> Sequence[str]:
    """The people whom a command names by the site's own ids."""
    if type(command) not in _NAMES_PEOPLE:
        return ()
    match command:
        case CreateRoom() | AddMembers():
            return command.members_external
        case GetPeople(external_id=str(external_id)):
            return [external_id]
        case _:
            return ()


async def _ask_and_enqueue(command: Command, caller: Caller, node: Node, finish: Finish) -> None:
    commands.OPERATIONS[type(command)](command, caller, node.context)  # what is wrong with it needs no policy
    async with node.gate.turn(command, caller.user.id):
        allowed = await node.gate.ask(command, caller.user)
        _enqueue(allowed, caller, node, finish, command if allowed is not command else None)


async def _carry_out(command: Command, caller: Caller, node: Node, finish: Finish) -> None:
    try:
        if named := _external_ids(command):
            await (node.site_code or node.context.reads).run(node.provide_people, named, caller.user.id)
        if type(command) in commands.OPERATIONS:
            return await _ask_and_enqueue(command, caller, node, finish)
        answer = node.gate.answers.get(type(command))
        query = queries.HANDLERS.get(type(command))
        if answer is not None and node.gate.threads is not None:
            result = await node.gate.threads.run(answer, command, caller.user)
        elif query is not None:
            result = await node.context.reads.run(query, command, caller.user)
        elif timed := queries.TIMED.get(type(command)):
            result = await node.context.reads.run(timed, command, caller.user, node.context.clock)
        else:
            result = await commands.ACTIONS[type(command)](command, caller, node.context)
    except Exception as error:
        finish(error)
    else:
        finish(Answer(result))


def _finish(
    command: Command, caller: Caller, transport: str, began: float, reply: Reply, answer: Answer | Exception
) -> None:
    """Count the command and answer it. What is neither an answer nor a refusal is logged, and answered as an internal error."""
    word = declaration_of(command).word
    if isinstance(answer, Exception) and not isinstance(answer, CommandError):
        answer = internal_error(_log, "command_broke", answer, command=word, user_id=caller.user.id)
    outcome = answer.code.word if isinstance(answer, CommandError) else "ok"
    metrics.count_command(word, transport, outcome, time.perf_counter() - began)
    reply(answer)
