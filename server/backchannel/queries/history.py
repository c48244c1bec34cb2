"""Pages of a room's messages."""

from msgspec import structs

from backchannel.protocol import times
from backchannel.protocol.commands import GetHistory
from backchannel.protocol.errors import invalid
from backchannel.protocol.results import History
from backchannel.protocol.shapes import User
from backchannel.queries.pages import check_bounds, read_page
from backchannel.queries.registry import answers
from backchannel.store.access import access_to
from backchannel.store.by_time import first_seq_at


@answers(GetHistory)
def get_history(query: GetHistory, caller: User) -> History:
    check_bounds(query)
    at_us = _moment(query)
    access = access_to(query.room_id, caller.id)
    if at_us is not None:
        query = structs.replace(query, at=None, around=first_seq_at(query.room_id, at_us, access.head))
    return read_page(query, access, caller.id)


def _moment(query: GetHistory) -> int | None:
    if query.at is None:
        return None
    try:
        return times.from_wire(query.at)
    except ValueError:
        raise invalid(at="Give a date and time with an offset from UTC, such as 2026-11-30T00:00:00Z.") from None
