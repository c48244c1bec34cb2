"""Tell every node that a credential has ended, or that the credentials of a user have to be checked again."""

from backchannel.commands.context import Context
from backchannel.fanout import envelopes
from backchannel.fanout.envelopes import RevocationEnvelope


def announce_revocation(context: Context, *, credential: str | None = None, user_id: int | None = None) -> None:
    """Exactly one of the two is given."""
    topic, body = revocation_message(credential=credential, user_id=user_id)
    context.bus.publish(topic, body)


def revocation_message(*, credential: str | None = None, user_id: int | None = None) -> tuple[str, bytes]:
    """The same for a process without a bus: (topic, body)."""
    return envelopes.EVERYBODY, envelopes.encode(RevocationEnvelope(credential=credential, user_id=user_id))
