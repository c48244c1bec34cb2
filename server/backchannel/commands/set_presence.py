"""Presence: set by the command, and by devices that connect and leave. Stored nowhere; reported to every node."""

from collections.abc import Iterable

from backchannel.commands.context import Caller, Context
from backchannel.commands.registry import carries_out
from backchannel.fanout import envelopes
from backchannel.fanout.envelopes import PresenceEnvelope
from backchannel.fanout.presence import PresenceReport
from backchannel.protocol.commands import SetPresence
from backchannel.protocol.results import Empty


@carries_out(SetPresence)
async def set_presence(command: SetPresence, caller: Caller, context: Context) -> Empty:
    device = command.instance or caller.instance
    _publish(context, context.presence.set_state(caller.user.id, device, command.state))
    return Empty()


def device_arrived(context: Context, user_id: int, device: str, rooms: tuple[int, ...]) -> None:
    """A link of this device opened. `rooms`: the user's small rooms, whose members see the change."""
    _publish(context, context.presence.arrive(user_id, device, rooms))


def report_presence(context: Context, now: float) -> None:
    """Report devices whose grace is over and, every few seconds, everybody. Call once a second."""
    _publish(context, context.presence.tick(now))


def _publish(context: Context, reports: Iterable[PresenceReport]) -> None:
    """To all nodes, this one included."""
    for report in reports:
        envelope = PresenceEnvelope(context.presence.node, report.user_id, report.state, report.rooms)
        context.bus.publish(envelopes.EVERYBODY, envelopes.encode(envelope))
