"""Threads: the replies of one, and the list of those that a person follows."""

import base64
import binascii
from uuid import UUID

import msgspec

from backchannel.protocol.commands import GetThread, GetThreads
from backchannel.protocol.errors import Code, CommandError, invalid
from backchannel.protocol.results import ThreadPage, Threads
from backchannel.protocol.shapes import Message, User
from backchannel.queries.pages import check_bounds, check_still_member, read_page
from backchannel.queries.registry import answers
from backchannel.rules import check_is_root
from backchannel.store import former_members, reads, threads
from backchannel.store.access import Access, access_to, check_member
from backchannel.store.threads import ListPosition, ThreadState


@answers(GetThread)
def get_thread(query: GetThread, caller: User) -> ThreadPage:
    """A former member gets the replies from before they left; the first message only if it was not changed since."""
    check_bounds(query)
    access = _access_to_room_of(query.message_id, caller.id)
    state = ThreadState(access.head, False, access.head, 0, 0)
    if access.left_seq is None:
        # The counts first: messages and replies are at least as new, and clients apply the events above them.
        state = threads.state_of(caller.id, access.room_id, query.message_id)
        access = access._replace(head=max(access.head, state.seq))
    root = reads.message_of(query.message_id)
    if not access.may_read(root.seq):
        access.check_member()
    check_is_root(root.thread)
    page = read_page(query, access, caller.id, root.id)
    return ThreadPage(
        _as_seen(root, access, caller.id), page.messages, page.as_of_seq, page.has_more,
        *state[1:],
    )  # fmt: skip


def _access_to_room_of(message_id: UUID, caller_id: int) -> Access:
    try:
        return access_to(reads.room_of_message(message_id), caller_id)
    except CommandError as error:
        # Of another space: the room is not to be named either.
        raise reads.no_message(message_id) if error.code is Code.ROOM_NOT_FOUND else error from None


def _as_seen(root: Message, access: Access, caller_id: int) -> Message | None:
    if access.left_seq is None:
        check_still_member([root], access, caller_id)
        return root
    shown = former_members.as_they_were([root], access.left_seq)
    return shown[0] if shown else None


@answers(GetThreads)
def get_threads(query: GetThreads, caller: User) -> Threads:
    if query.room_id is not None:
        check_member(query.room_id, caller.id)
    before = None if query.before is None else _position(query.before)
    found = threads.followed_by(caller.id, query.limit + 1, unread=query.unread, room_id=query.room_id, before=before)
    page, has_more = found[: query.limit], len(found) > query.limit
    return Threads([listed.thread for listed in page], has_more, _text_of(page[-1].position) if has_more else None)


def _text_of(position: ListPosition) -> str:
    """Opaque to clients."""
    return base64.urlsafe_b64encode(msgspec.json.encode(position)).decode().rstrip("=")


def _position(text: str) -> ListPosition:
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=ListPosition)
    except (ValueError, binascii.Error, msgspec.MsgspecError):
        raise invalid(before="Is not from an earlier page.") from None
