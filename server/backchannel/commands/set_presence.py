"""Who is at their device, told to those they share a small room with."""

from collections.abc import Iterable

from backchannel.commands.context import Answer, Caller, Context
from backchannel.fanout import facts
from backchannel.fanout.bus import Bus
from backchannel.fanout.facts import PresenceFact
from backchannel.fanout.presence import Presence, Sight
from backchannel.protocol.commands import SetPresence
from backchannel.protocol.results import Empty


async def set_presence(command: SetPresence, caller: Caller, context: Context) -> Answer:
    device = command.instance or caller.instance
    publish_sights(context.bus, context.presence, context.presence.set_state(caller.user.id, device, command.state))
    return Answer(Empty())


def publish_sights(bus: Bus, presence: Presence, sights: Iterable[Sight]) -> None:
    """Tell all nodes, this one included, what this one sees."""
    for sight in sights:
        fact = PresenceFact(presence.node, sight.user_id, sight.state, sight.rooms)
        bus.publish(facts.EVERYBODY, facts.encode(fact))
