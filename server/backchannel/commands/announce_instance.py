"""Tell every node that a tab or process opened a socket: older sockets of the same instance are left over, and are closed."""

from backchannel.commands.context import Context
from backchannel.fanout import envelopes
from backchannel.fanout.envelopes import InstanceEnvelope


def announce_instance(context: Context, user_id: int, instance: str, session_id: str, opened: int) -> None:
    envelope = InstanceEnvelope(user_id, instance, session_id, opened)
    context.bus.publish(envelopes.user_topic(user_id), envelopes.encode(envelope))
