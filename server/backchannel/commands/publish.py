"""From a commit to the bus: every event and every user's frame, in commit order."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from backchannel.fanout import envelopes
from backchannel.fanout.bus import Bus
from backchannel.fanout.envelopes import PersonEnvelope, RoomEnvelope, UserEnvelope
from backchannel.store.transaction import Outcome


def publisher(bus: Bus) -> Callable[[Sequence[Outcome]], None]:
    """The function by which `Delivery` publishes outcomes."""

    def publish(outcomes: Sequence[Outcome]) -> None:
        publish_all(bus, messages_of(outcomes))

    return publish


def publish_all(bus: Bus, messages: Iterable[tuple[str, bytes]]) -> None:
    """(topic, body) of each, in this order."""
    for topic, body in messages:
        bus.publish(topic, body)


def messages_of(outcomes: Iterable[Outcome]) -> Iterator[tuple[str, bytes]]:
    """The envelopes of these outcomes for the bus, each as (topic, body)."""
    for outcome in outcomes:
        for event in outcome.events:
            envelope = RoomEnvelope(event.room_id, event.seq, event.frame, event.removed)
            yield envelopes.room_topic(event.room_id), envelopes.encode(envelope)
        for update in outcome.updates:
            news = UserEnvelope(update.user_id, update.version, update.frame, update.joined, update.left)
            yield envelopes.user_topic(update.user_id), envelopes.encode(news)
        for user in outcome.people:
            yield envelopes.EVERYBODY, envelopes.encode(PersonEnvelope(user))
