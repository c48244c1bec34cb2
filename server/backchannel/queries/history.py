"""Pages of a room's messages."""

from msgspec import structs

from backchannel.protocol.commands import GetHistory
from backchannel.protocol.errors import time_of
from backchannel.protocol.results import History
from backchannel.protocol.shapes import User
from backchannel.queries.pages import check_bounds, read_page
from backchannel.queries.registry import answers
from backchannel.store.access import access_to
from backchannel.store.by_time import first_seq_at


@answers(GetHistory)
def get_history(query: GetHistory, caller: User) -> History:
    check_bounds(query)
    at_us = None if query.at is None else time_of("at", query.at)
    access = access_to(query.room_id, caller.id)
    if at_us is not None:
        query = structs.replace(query, at=None, around=first_seq_at(query.room_id, at_us, access.head))
    return read_page(query, access, caller.id)
