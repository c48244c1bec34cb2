"""Ask one user's clients, on every node and over both transports, for what they recorded of their connection. One that is not there is not
asked later."""

from backchannel.commands.context import Context
from backchannel.fanout import envelopes
from backchannel.fanout.envelopes import UserEphemeralEnvelope
from backchannel.protocol.codec import encode
from backchannel.protocol.events import PleaseReport


def ask_recorder(context: Context, user_id: int) -> None:
    envelope = UserEphemeralEnvelope(user_id, encode(PleaseReport()))
    context.bus.publish(envelopes.user_topic(user_id), envelopes.encode(envelope))
