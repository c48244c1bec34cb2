"""From a commit to the bus: every event and every user's frame, in commit order."""

from collections.abc import Callable, Sequence

from backchannel.fanout import envelopes
from backchannel.fanout.bus import Bus
from backchannel.fanout.envelopes import PersonEnvelope, RoomEnvelope, UserEnvelope
from backchannel.store.transaction import Outcome


def publisher(bus: Bus) -> Callable[[Sequence[Outcome]], None]:
    """What `Delivery` publishes with."""

    def publish(outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            for event in outcome.events:
                envelope = RoomEnvelope(event.room_id, event.seq, event.frame, event.removed)
                bus.publish(envelopes.room_topic(event.room_id), envelopes.encode(envelope))
            for update in outcome.updates:
                news = UserEnvelope(update.user_id, update.version, update.frame, update.joined, update.left)
                bus.publish(envelopes.user_topic(update.user_id), envelopes.encode(news))
            for user in outcome.people:
                bus.publish(envelopes.EVERYBODY, envelopes.encode(PersonEnvelope(user)))

    return publish
