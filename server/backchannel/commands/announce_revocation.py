"""Tell every node that a credential has ended, or that the credentials of a user have to be checked again."""

from backchannel.commands.context import Context
from backchannel.fanout import envelopes
from backchannel.fanout.envelopes import RevocationEnvelope


def announce_revocation(context: Context, *, credential: str | None = None, user_id: int | None = None) -> None:
    """Exactly one of the two is given."""
    envelope = RevocationEnvelope(credential=credential, user_id=user_id)
    context.bus.publish(envelopes.EVERYBODY, envelopes.encode(envelope))
