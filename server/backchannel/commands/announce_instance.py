"""A tab or process opened a socket: whatever other socket it has left behind, on any node, is a ghost."""

from backchannel.fanout import envelopes
from backchannel.fanout.bus import Bus
from backchannel.fanout.envelopes import InstanceEnvelope


def announce_instance(bus: Bus, user_id: int, instance: str, session_id: str, opened: int) -> None:
    envelope = InstanceEnvelope(user_id, instance, session_id, opened)
    bus.publish(envelopes.user_topic(user_id), envelopes.encode(envelope))
