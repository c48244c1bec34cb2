"""Who is at their device, told to those they share a small room with."""

from collections.abc import Iterable

from backchannel.commands.context import Answer, Caller, Context
from backchannel.fanout import facts
from backchannel.fanout.bus import Bus
from backchannel.fanout.facts import PresenceFact
from backchannel.fanout.presence import Change
from backchannel.protocol.codec import encode
from backchannel.protocol.commands import SetPresence
from backchannel.protocol.events import PresenceFrame
from backchannel.protocol.results import Empty


async def set_presence(command: SetPresence, caller: Caller, context: Context) -> Answer:
    device = command.instance or caller.instance
    publish_presence(context.bus, context.presence.set_state(caller.user.id, device, command.state))
    return Answer(Empty())


def publish_presence(bus: Bus, changes: Iterable[Change]) -> None:
    for change in changes:
        frame = encode(PresenceFrame(user_id=change.user_id, state=change.state))
        bus.publish(facts.EVERYBODY, facts.encode(PresenceFact(change.user_id, change.state, change.rooms, frame)))
