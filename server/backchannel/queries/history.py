"""Pages of a room's messages."""

from msgspec import structs

from backchannel.protocol.commands import GetHistory
from backchannel.protocol.errors import invalid
from backchannel.protocol.results import History
from backchannel.protocol.shapes import Message, User
from backchannel.queries.registry import answers
from backchannel.store import former_members, reads
from backchannel.store.access import Access, access_to, check_member


@answers(GetHistory)
def get_history(query: GetHistory, caller: User) -> History:
    bounds = [name for name in ("before", "after", "around") if getattr(query, name) is not None]
    if len(bounds) > 1:
        raise invalid(**{bounds[1]: f"Give {bounds[0]} or {bounds[1]}, not both."})
    return _read(query, caller.id)


def _read(query: GetHistory, caller_id: int) -> History:
    # Head first: the messages are at least as new as `as_of_seq`, and clients apply the events above it to them.
    access = access_to(query.room_id, caller_id)
    page = _page(query, access)
    if access.left_seq is not None:
        return _as_it_was(query, access, page)
    if any(message.rev_seq > access.head for message in page.messages):
        check_member(query.room_id, caller_id)  # last: only a member at this point may see what was written since
    return page


def _as_it_was(query: GetHistory, access: Access, page: History) -> History:
    """The page without messages changed since the person left. If that leaves an empty page, the next one is read, because a client
    continues from the last message it received."""
    assert access.left_seq is not None
    while True:
        shown = former_members.as_they_were(page.messages, access.left_seq)
        if shown or not page.has_more or query.around is not None:
            page.messages = shown
            return page
        if query.after is not None:
            query = structs.replace(query, after=page.messages[-1].seq)
        else:
            query = structs.replace(query, before=page.messages[0].seq)
        page = _page(query, access)


def _page(query: GetHistory, access: Access) -> History:
    limit, room_id = query.limit, query.room_id

    def before(seq: int | None, count: int) -> list[Message]:
        bounds = [bound for bound in (seq, access.left_seq) if bound is not None]
        return reads.page_before(room_id, min(bounds, default=None), count)

    def after(seq: int, count: int) -> list[Message]:
        return [message for message in reads.page_after(room_id, seq, count) if access.may_read(message.seq)]

    if query.after is not None:
        page = after(query.after, limit + 1)
        return History(page[:limit], access.head, len(page) > limit)
    if query.around is not None:
        older = before(query.around, limit // 2 + 1)
        kept = older[-(limit // 2) :] if limit > 1 else []
        newer = after(query.around - 1, limit - len(kept))
        return History(kept + newer, access.head, len(older) > len(kept))
    page = before(query.before, limit + 1)
    return History(page[-limit:], access.head, len(page) > limit)
