"""The pinned messages of a room. There are few (see `commands.pin_message`), so they are not paged."""

from msgspec import structs

from backchannel.protocol.commands import GetPins
from backchannel.protocol.results import Pins
from backchannel.protocol.shapes import Message, User
from backchannel.queries.registry import answers
from backchannel.store import former_members, reads
from backchannel.store.access import access_to, check_member


@answers(GetPins)
def get_pins(query: GetPins, caller: User) -> Pins:
    """A former member gets the messages that were pinned when they left and still are, unless they were edited since."""
    access = access_to(query.room_id, caller.id)
    messages = _pinned(query.room_id, access.left_seq)
    if access.left_seq is not None:
        shown = former_members.as_they_were(messages, access.left_seq)
        return Pins([structs.replace(message, pinned=True) for message in shown])
    if any(former_members.is_changed_since(message, access.head) for message in messages):
        check_member(query.room_id, caller.id)  # last: only a member at this point may see what was written since
    return Pins(messages)


def _pinned(room_id: int, before: int | None) -> list[Message]:
    """`before`: only those pinned by an event below this one."""
    bound, values = ("IS NOT NULL", []) if before is None else ("< %s", [before])
    return reads.messages_where(
        f"m.room_id = %s AND m.pinned_seq {bound} ORDER BY m.pinned_seq DESC", [room_id, *values]
    )
