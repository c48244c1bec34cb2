"""Show the others in a room that somebody is typing. Nothing is stored, and a frame that is lost is not repaired."""

from backchannel.commands.context import Caller, Context
from backchannel.commands.registry import carries_out
from backchannel.fanout import envelopes
from backchannel.fanout.envelopes import EphemeralEnvelope
from backchannel.protocol.codec import encode
from backchannel.protocol.commands import Typing
from backchannel.protocol.events import TypingFrame
from backchannel.protocol.results import Empty
from backchannel.store.access import check_member


@carries_out(Typing)
async def typing(command: Typing, caller: Caller, context: Context) -> Empty:
    await context.reads.run(check_member, command.room_id, caller.user.id)
    if context.last_typing.is_news(command.room_id, caller.user.id, active=command.active, now=context.clock()):
        frame = encode(TypingFrame(room_id=command.room_id, user_id=caller.user.id, active=command.active))
        envelope = EphemeralEnvelope(command.room_id, caller.user.id, frame)
        context.bus.publish(envelopes.room_topic(command.room_id), envelopes.encode(envelope))
    return Empty()
