"""Pages of a room's messages."""

from backchannel.protocol.commands import GetHistory
from backchannel.protocol.results import History
from backchannel.protocol.shapes import User
from backchannel.queries.pages import check_bounds, read_page
from backchannel.queries.registry import answers
from backchannel.store.access import access_to


@answers(GetHistory)
def get_history(query: GetHistory, caller: User) -> History:
    check_bounds(query)
    return read_page(query, access_to(query.room_id, caller.id), caller.id)
