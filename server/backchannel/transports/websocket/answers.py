"""Encodes the frame that answers a command on the WebSocket."""

from collections.abc import Callable
from typing import Any, Final

from msgspec import Struct

from backchannel.protocol.codec import encode
from backchannel.protocol.commands import Command
from backchannel.protocol.errors import CommandError
from backchannel.protocol.frames import Ack, ErrorFrame, RoomListFrame
from backchannel.protocol.results import RoomList
from backchannel.transports.dispatch import Answer


def encode_answer(command: Command, answer: Answer | CommandError) -> bytes:
    if isinstance(answer, CommandError):
        return encode(ErrorFrame(command.id, answer.data))
    build = _OWN_FRAMES.get(type(answer.result), Ack)
    return encode(build(command.id, answer.result))


def _room_list(id_: Any, result: Any) -> Struct:
    return RoomListFrame(result.rooms, result.timestamp, result.user_version, result.epoch, id=id_)


_OWN_FRAMES: Final[dict[type[Struct], Callable[[Any, Any], Struct]]] = {RoomList: _room_list}
"""Results with a frame type other than `ack`."""
