"""Somebody types. Of this moment only: nothing is stored, and what is lost is not missed."""

from typing import Final

from backchannel.commands.context import Answer, Caller, Context
from backchannel.fanout import envelopes
from backchannel.fanout.envelopes import EphemeralEnvelope
from backchannel.protocol.codec import encode
from backchannel.protocol.commands import Typing
from backchannel.protocol.events import TypingFrame
from backchannel.protocol.results import Empty
from backchannel.store.read_pool import run_read
from backchannel.store.reads import check_reader

EVERY_S: Final = 3.0
REMEMBERED: Final = 10_000

_told: dict[tuple[int, int], tuple[float, bool]] = {}
"""(room, user) → when and what was passed on last."""


async def typing(command: Typing, caller: Caller, context: Context) -> Answer:
    await run_read(check_reader, command.room_id, caller.user.id)
    key, now = (command.room_id, caller.user.id), context.clock()
    at, active = _told.get(key, (-EVERY_S, False))
    # "Stopped" is passed on at once after "types", since it ends what the others see; and only then.
    if (command.active and now - at >= EVERY_S) or (active and not command.active):
        if len(_told) >= REMEMBERED:
            _told.clear()
        _told[key] = (at if not command.active else now, command.active)
        frame = encode(TypingFrame(room_id=command.room_id, user_id=caller.user.id, active=command.active))
        envelope = EphemeralEnvelope(command.room_id, caller.user.id, frame)
        context.bus.publish(envelopes.room_topic(command.room_id), envelopes.encode(envelope))
    return Answer(Empty())
