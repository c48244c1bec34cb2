"""From what the nodes see of people to the frames that show it here."""

from collections.abc import Iterable

from backchannel.fanout.hub import Hub
from backchannel.fanout.presence import Sight
from backchannel.protocol.codec import encode
from backchannel.protocol.events import PresenceFrame


def show_presence(hub: Hub, sights: Iterable[Sight]) -> None:
    for sight in sights:
        hub.pass_on(sight.user_id, sight.rooms, encode(PresenceFrame(user_id=sight.user_id, state=sight.state)))
