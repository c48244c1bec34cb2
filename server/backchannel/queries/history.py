"""Pages of a room's messages."""

from backchannel.protocol.commands import GetHistory
from backchannel.protocol.errors import Code, CommandError, invalid
from backchannel.protocol.results import History
from backchannel.protocol.shapes import Message, User
from backchannel.store import former_members, reads
from backchannel.store.read_pool import run_read


async def get_history(query: GetHistory, caller: User) -> History:
    bounds = [name for name in ("before", "after", "around") if getattr(query, name) is not None]
    if len(bounds) > 1:
        raise invalid(**{bounds[1]: f"Give {bounds[0]} or {bounds[1]}, not both."})
    return await run_read(_read, query, caller.id)


def _read(query: GetHistory, caller_id: int) -> History:
    # The head first: the messages are at least as new as `as_of_seq` says, and the events above it are applied to them.
    left_seq = None
    try:
        head = reads.check_reader(query.room_id, caller_id)
    except CommandError as error:
        left_seq = former_members.left_seq_of(query.room_id, caller_id) if error.code is Code.NOT_A_MEMBER else None
        if left_seq is None:
            raise
        head = left_seq
    page = _page(query, head, left_seq)
    if left_seq is not None:
        page.messages = former_members.as_they_were(page.messages, left_seq)
    elif any(message.rev_seq > head for message in page.messages):
        reads.check_reader(query.room_id, caller_id)  # what was written since is for whoever is a member still
    return page


def _page(query: GetHistory, head: int, left_seq: int | None) -> History:
    """`left_seq`: nothing at or above it is read."""
    limit, room_id = query.limit, query.room_id

    def before(seq: int | None, count: int) -> list[Message]:
        bounds = [bound for bound in (seq, left_seq) if bound is not None]
        return reads.page_before(room_id, min(bounds, default=None), count)

    def after(seq: int, count: int) -> list[Message]:
        page = reads.page_after(room_id, seq, count)
        return page if left_seq is None else [message for message in page if message.seq < left_seq]

    if query.after is not None:
        page = after(query.after, limit + 1)
        return History(page[:limit], head, len(page) > limit)
    if query.around is not None:
        older = before(query.around, limit // 2 + 1)
        kept = older[-(limit // 2) :] if limit > 1 else []
        newer = after(query.around - 1, limit - len(kept))
        return History(kept + newer, head, len(older) > len(kept))
    page = before(query.before, limit + 1)
    return History(page[-limit:], head, len(page) > limit)
