"""Pages of messages, of a room or of one of its threads, for members and former members alike."""

from uuid import UUID

from msgspec import structs

from backchannel.protocol.commands import GetHistory, GetThread
from backchannel.protocol.errors import invalid
from backchannel.protocol.results import History
from backchannel.protocol.shapes import Message
from backchannel.store import former_members, reads
from backchannel.store.access import Access, check_member

Query = GetHistory | GetThread


def check_bounds(query: Query) -> None:
    bounds = [name for name in ("before", "after", "around", "at") if getattr(query, name, None) is not None]
    if len(bounds) > 1:
        raise invalid(**{bounds[1]: f"Give {bounds[0]} or {bounds[1]}, not both."})


def read_page(query: Query, access: Access, caller_id: int, thread: UUID | None = None) -> History:
    """`access`: read before. The messages are at least as new as its head, and clients apply the events above it to them. `thread`: only
    the replies of this thread. Raises `not_a_member` if the caller's access has ended meanwhile."""
    page = _page(query, access, thread)
    if access.left_seq is not None:
        return _as_it_was(query, access, page, thread)
    check_still_member(page.messages, access, caller_id)
    return page


def check_still_member(messages: list[Message], access: Access, caller_id: int) -> None:
    """Checks again after the page was read: only a member may see what was written since `access` was read."""
    if any(former_members.is_changed_since(message, access.head) for message in messages):
        check_member(access.room_id, caller_id)


def _as_it_was(query: Query, access: Access, page: History, thread: UUID | None) -> History:
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
        page = _page(query, access, thread)


def _page(query: Query, access: Access, thread: UUID | None) -> History:
    limit, room_id = query.limit, access.room_id

    def before(seq: int | None, count: int) -> list[Message]:
        bounds = [bound for bound in (seq, access.left_seq) if bound is not None]
        return reads.page_before(room_id, min(bounds, default=None), count, thread)

    def after(seq: int, count: int) -> list[Message]:
        page = reads.page_after(room_id, seq, count, thread)
        return [message for message in page if access.may_read(message.seq)]

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
