"""A command → its handler → its answer, the same for both transports: one rate, one set of errors."""

import time
from typing import Final

import structlog
from msgspec import Struct

from backchannel import commands, queries
from backchannel.commands.context import Answer, Caller
from backchannel.protocol.codec import encode
from backchannel.protocol.commands import Command, GetRoomList, declaration_of
from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.frames import Ack, ErrorFrame, RoomListFrame
from backchannel.protocol.results import RoomList
from backchannel.transports import metrics
from backchannel.transports.node import Node

HANDLED: Final[frozenset[type[Struct]]] = frozenset(commands.HANDLERS) | frozenset(queries.HANDLERS)

_log = structlog.get_logger("backchannel.commands")


async def run(command: Command, caller: Caller, node: Node, transport: str) -> Answer:
    """Run one command. Raises CommandError and nothing else."""
    word = declaration_of(command).word
    started = time.perf_counter()
    outcome = "ok"
    try:
        node.rates.check(caller.user.id, command, node.context.clock())
        write = commands.HANDLERS.get(type(command))
        if write is not None:
            return await write(command, caller, node.context)
        return Answer(await queries.HANDLERS[type(command)](command, caller.user))
    except CommandError as error:
        outcome = error.code.word
        raise
    except Exception:
        outcome = Code.INTERNAL.word
        _log.exception("command_broke", command=word, user_id=caller.user.id)
        raise CommandError(
            Code.INTERNAL, "Something broke on the server. It is in its log; trying again may help."
        ) from None
    finally:
        metrics.commands.labels(word, transport, outcome).inc()
        metrics.command_seconds.labels(word, transport).observe(time.perf_counter() - started)


async def answer_frame(command: Command, caller: Caller, node: Node) -> bytes:
    """The one frame that answers a command on the WebSocket."""
    id_ = None if command.id is None else str(command.id)
    try:
        result = (await run(command, caller, node, "websocket")).result
    except CommandError as error:
        return encode(ErrorFrame(id_, error.data))
    if isinstance(command, GetRoomList):
        assert isinstance(result, RoomList)
        return encode(RoomListFrame(result.rooms, result.timestamp, result.user_version, result.epoch, id=id_))
    return encode(Ack(id_, result))
