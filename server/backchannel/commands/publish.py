"""From a commit to the bus. Called by the writer for every committed batch, in commit order, whether or not whoever asked
for it still waits: a message that is stored is told."""

from collections.abc import Callable, Sequence

from backchannel import failpoints
from backchannel.fanout import envelopes
from backchannel.fanout.bus import Bus
from backchannel.fanout.envelopes import RoomEnvelope, UserEnvelope
from backchannel.store.transaction import Outcome


def publisher(bus: Bus) -> Callable[[Sequence[Outcome]], None]:
    """What the writer calls with its outcomes."""

    def publish(outcomes: Sequence[Outcome]) -> None:
        failpoints.reach("before_publish")
        for outcome in outcomes:
            for event in outcome.logged:
                envelope = RoomEnvelope(event.room_id, event.seq, event.frame, event.removed)
                bus.publish(envelopes.room_topic(event.room_id), envelopes.encode(envelope))
            for told in outcome.told:
                news = UserEnvelope(told.user_id, told.version, told.frame, told.joined, told.left)
                bus.publish(envelopes.user_topic(told.user_id), envelopes.encode(news))
        failpoints.reach("after_publish")

    return publish
