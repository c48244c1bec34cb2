"""A command → its handler → its answer, the same for both transports: one rate, one set of errors."""

import time
from collections.abc import Callable, Coroutine
from typing import Any, Final

import structlog
from msgspec import Struct

from backchannel import commands, queries
from backchannel.commands.context import Answer, Caller, Write
from backchannel.internal_error import internal_error
from backchannel.protocol.codec import encode
from backchannel.protocol.commands import Command, GetRoomList, declaration_of
from backchannel.protocol.errors import CommandError
from backchannel.protocol.frames import Ack, ErrorFrame, RoomListFrame
from backchannel.protocol.results import RoomList
from backchannel.store.transaction import Outcome
from backchannel.transports import metrics
from backchannel.transports.node import Node

HANDLED: Final[frozenset[type[Struct]]] = frozenset(commands.HANDLERS) | frozenset(queries.HANDLERS)

_log = structlog.get_logger("backchannel.commands")


async def run(command: Command, caller: Caller, node: Node, transport: str) -> Answer:
    """Run one command. Raises CommandError and nothing else."""
    began = time.perf_counter()
    try:
        node.rates.check(caller.user.id, command, node.context.clock())
        handler = commands.HANDLERS.get(type(command))
        if handler is None:
            answer = Answer(await queries.HANDLERS[type(command)](command, caller.user))
        elif isinstance(handler, Write):
            operation = handler.operation(command, caller, node.context)
            answer = handler.answer(await node.context.log.write(operation))
        else:
            answer = await handler(command, caller, node.context)
    except Exception as error:
        raise _refusal(error, command, caller, transport, began) from None
    metrics.count_command(declaration_of(command).word, transport, "ok", time.perf_counter() - began)
    return answer


def start(
    command: Command, caller: Caller, node: Node, say: Callable[[bytes], None]
) -> Coroutine[Any, Any, None] | None:
    """Answer a command of the WebSocket: `say` is called once, now or later, with the one frame that answers it.

    What waits for more than the writer is returned, to be run as a task.
    """
    handler = commands.HANDLERS.get(type(command))
    if not isinstance(handler, Write):
        return _answer(command, caller, node, say)
    began = time.perf_counter()

    def answered(outcome: Outcome) -> None:
        if outcome.error is not None:
            say(_error_frame(command, _refusal(outcome.error, command, caller, "websocket", began)))
            return
        frame = encode(Ack(command.id, handler.answer(outcome.result).result))
        metrics.count_command(declaration_of(command).word, "websocket", "ok", time.perf_counter() - began)
        say(frame)

    try:
        node.rates.check(caller.user.id, command, node.context.clock())
        node.context.log.enqueue(handler.operation(command, caller, node.context), answered)
    except Exception as error:
        say(_error_frame(command, _refusal(error, command, caller, "websocket", began)))
    return None


async def _answer(command: Command, caller: Caller, node: Node, say: Callable[[bytes], None]) -> None:
    try:
        result = (await run(command, caller, node, "websocket")).result
    except CommandError as error:
        say(_error_frame(command, error))
        return
    if isinstance(command, GetRoomList):
        assert isinstance(result, RoomList)
        say(encode(RoomListFrame(result.rooms, result.timestamp, result.user_version, result.epoch, id=command.id)))
    else:
        say(encode(Ack(command.id, result)))


def _error_frame(command: Command, error: CommandError) -> bytes:
    return encode(ErrorFrame(command.id, error.data))


def _refusal(error: Exception, command: Command, caller: Caller, transport: str, began: float) -> CommandError:
    """What the client is told."""
    word = declaration_of(command).word
    if not isinstance(error, CommandError):
        error = internal_error(_log, "command_broke", error, command=word, user_id=caller.user.id)
    metrics.count_command(word, transport, error.code.word, time.perf_counter() - began)
    return error
