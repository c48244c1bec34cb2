"""Pages of a room's messages."""

from backchannel.protocol.commands import GetHistory
from backchannel.protocol.errors import invalid
from backchannel.protocol.results import History
from backchannel.protocol.shapes import User
from backchannel.store import reads
from backchannel.store.hop import in_thread


async def get_history(query: GetHistory, caller: User) -> History:
    bounds = [name for name in ("before", "after", "around") if getattr(query, name) is not None]
    if len(bounds) > 1:
        raise invalid(**{bounds[1]: f"Give {bounds[0]} or {bounds[1]}, not both."})
    return await in_thread(_read, query, caller.id)


def _read(query: GetHistory, caller_id: int) -> History:
    # The head first: the messages are at least as new as `as_of_seq` says, and the events above it are applied to them.
    head = reads.check_reader(query.room_id, caller_id)
    limit = query.limit
    if query.after is not None:
        page = reads.page_after(query.room_id, query.after, limit + 1)
        return History(page[:limit], head, len(page) > limit)
    if query.around is not None:
        older = reads.page_before(query.room_id, query.around, limit // 2 + 1)
        kept = older[-(limit // 2) :] if limit > 1 else []
        newer = reads.page_after(query.room_id, query.around - 1, limit - len(kept))
        return History(kept + newer, head, len(older) > len(kept))
    page = reads.page_before(query.room_id, query.before, limit + 1)
    return History(page[-limit:], head, len(page) > limit)
