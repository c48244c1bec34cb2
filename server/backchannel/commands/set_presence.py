"""Set whether somebody is at their device, for those they share a small room with."""

from collections.abc import Iterable

from backchannel.commands.context import Caller, Context
from backchannel.commands.registry import carries_out
from backchannel.fanout import envelopes
from backchannel.fanout.bus import Bus
from backchannel.fanout.envelopes import PresenceEnvelope
from backchannel.fanout.presence import Presence, PresenceReport
from backchannel.protocol.commands import SetPresence
from backchannel.protocol.results import Empty


@carries_out(SetPresence)
async def set_presence(command: SetPresence, caller: Caller, context: Context) -> Empty:
    device = command.instance or caller.instance
    publish_reports(context.bus, context.presence, context.presence.set_state(caller.user.id, device, command.state))
    return Empty()


def publish_reports(bus: Bus, presence: Presence, reports: Iterable[PresenceReport]) -> None:
    """To all nodes, this one included."""
    for report in reports:
        envelope = PresenceEnvelope(presence.node, report.user_id, report.state, report.rooms)
        bus.publish(envelopes.EVERYBODY, envelopes.encode(envelope))
