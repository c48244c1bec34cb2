"""A message into a room."""

import secrets
import time
from uuid import UUID

from backchannel import rules
from backchannel.commands.context import Answer, Caller, Context, Write
from backchannel.protocol.commands import SendMessage
from backchannel.protocol.errors import invalid
from backchannel.protocol.results import SendResult
from backchannel.store.send import Append


def _operation(command: SendMessage, caller: Caller, context: Context) -> Append:
    rules.check_content(command.content, context.limits.content_bytes)
    if command.attachments:
        raise invalid(attachments="There is no upload with this id.")
    return Append(command.id or new_message_id(), command.room_id, caller.user, command.content, command.reply_to)


def _answer(result: SendResult) -> Answer:
    return Answer(result, 200 if result.duplicate else 201)


send_message = Write(_operation, _answer)


def new_message_id() -> UUID:
    """A UUIDv7: milliseconds of the time of day, then randomness; sorts roughly by time, which B-trees like."""
    value = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)
