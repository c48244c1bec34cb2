"""A tab or process opened a socket: whatever other socket it has left behind, on any node, is a ghost."""

from backchannel.fanout import facts
from backchannel.fanout.bus import Bus
from backchannel.fanout.facts import InstanceFact


def announce_instance(bus: Bus, user_id: int, instance: str, session_id: str, opened: int) -> None:
    fact = InstanceFact(user_id, instance, session_id, opened)
    bus.publish(facts.user_topic(user_id), facts.encode(fact))
