"""How a message came in, and what was done to its text since. From columns and events that are there: nothing is kept for it but `via`."""

from backchannel.protocol.commands import GetMessageDetails
from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.results import MessageDetails
from backchannel.protocol.shapes import User
from backchannel.queries.registry import answers
from backchannel.store import message_details, reads
from backchannel.store.access import access_to, check_member


@answers(GetMessageDetails)
def get_message_details(query: GetMessageDetails, caller: User) -> MessageDetails:
    """A former member gets what was there when they left. A deleted message has no details."""
    try:
        access = access_to(reads.room_of_message(query.message_id), caller.id)
    except CommandError as error:
        # Of another space: the room is not to be named either.
        raise reads.no_message(query.message_id) if error.code is Code.ROOM_NOT_FOUND else error from None
    facts = message_details.facts_of(query.message_id)
    if not access.may_read(facts.seq):
        access.check_member()
    if facts.deleted:
        raise CommandError(Code.MESSAGE_DELETED, "This message was deleted.")
    edits = message_details.edits_of(query.message_id, access.head)
    if access.left_seq is not None:
        return MessageDetails(facts.accepted_at, facts.seq, edits, facts.via)
    seen_by = message_details.seen_by(facts)
    check_member(facts.room_id, caller.id)  # last: only a member at this point may see who has read it
    return MessageDetails(facts.accepted_at, facts.seq, edits, facts.via, seen_by)
