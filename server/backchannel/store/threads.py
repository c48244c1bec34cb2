"""Reads of threads, as one person sees them. Blocking: call through `ReadPool.run`. The counts are those of `unread.py`."""

from dataclasses import dataclass
from typing import Annotated, Any, Final, NamedTuple
from uuid import UUID

from django.db import connection
from msgspec import Meta

from backchannel.protocol.results import Thread
from backchannel.protocol.shapes import Message
from backchannel.store.driver import read
from backchannel.store.reads import AND_SENDERS, MEMBER
from backchannel.store.render import MESSAGE_COLUMNS, MessageRow, message_from_row
from backchannel.store.transaction import MESSAGE, THREAD_FOLLOW, db_uuid
from backchannel.store.unread import IS_UNREAD_REPLY, MINE, THREAD_COUNTS, THREAD_READ

Number = Annotated[int, Meta(ge=0, le=2**53 - 1)]


class ThreadState(NamedTuple):
    """`seq`: the room's head as of these counts."""

    seq: int
    following: bool
    read_seq: int
    unread_count: int
    mention_count: int
    unread_from: int | None = None


class ListPosition(NamedTuple):
    """Where a thread is in the list: by its newest reply. Clients hold it, and may send any: each number is one that a database takes."""

    last_us: Number
    room_id: Number
    seq: Number


@dataclass(frozen=True, slots=True)
class Listed:
    thread: Thread
    position: ListPosition


_STATE: Final = (
    f"SELECT mb.head, COALESCE(f.following, FALSE), {THREAD_READ}, {THREAD_COUNTS}, f.unread_from "
    f"FROM ({MINE} AND mb.room_id = %s) mb LEFT JOIN {THREAD_FOLLOW} f ON f.person_id = mb.person_id AND f.root_id = %s"
)


def state_of(person_id: int, room_id: int, root: UUID) -> ThreadState:
    """Of a thread in a room that the person is or was in."""
    rows = read(_STATE, [person_id, room_id, db_uuid(connection, root)])
    head, following, *rest = rows[0]
    return ThreadState(head, bool(following), *rest)


def as_seen(root: Message, state: ThreadState) -> Thread:
    return Thread(root, *state[1:])


_LAST: Final = "COALESCE(t.thread_last_us, t.created_us)"


def followed_by(
    person_id: int, limit: int, *, unread: bool = False, room_id: int | None = None, before: ListPosition | None = None
) -> list[Listed]:
    """The threads that the person follows in rooms that they are in, the one with the newest reply first. One query, and so of one moment."""
    narrowed, values = "", list[Any]()
    if room_id is not None:
        narrowed, values = " AND mb.room_id = %s", [room_id]
    if unread:
        narrowed += f" AND EXISTS (SELECT 1 FROM {MESSAGE} u WHERE {IS_UNREAD_REPLY})"
    if before is not None:
        narrowed += f" AND ({_LAST}, t.room_id, t.seq) < (%s, %s, %s)"
        values += before
    rows = read(
        f"WITH mine AS ({MINE} AND mb.state = '{MEMBER}'), page AS ("
        f"SELECT f.id AS follow, f.root_id, {_LAST} AS last_us FROM mine mb "
        f"JOIN {THREAD_FOLLOW} f ON f.person_id = mb.person_id AND f.room_id = mb.room_id AND f.following "
        f"JOIN {MESSAGE} t ON t.id = f.root_id WHERE mb.id > 0{narrowed} "
        f"ORDER BY {_LAST} DESC, t.room_id DESC, t.seq DESC LIMIT %s) "
        f"SELECT page.last_us, {THREAD_READ}, {THREAD_COUNTS}, f.unread_from, {MESSAGE_COLUMNS} FROM page "
        f"JOIN {THREAD_FOLLOW} f ON f.id = page.follow JOIN mine mb ON mb.room_id = f.room_id "
        f"JOIN {MESSAGE} m ON m.id = page.root_id {AND_SENDERS} "
        "ORDER BY page.last_us DESC, m.room_id DESC, m.seq DESC",
        [person_id, *values, limit],
    )
    return [_listed(row) for row in rows]


def _listed(row: tuple[Any, ...]) -> Listed:
    last_us, read_seq, unread_count, mention_count, unread_from, *columns = row
    root = message_from_row(MessageRow._make(columns))
    return Listed(
        Thread(root, True, read_seq, unread_count, mention_count, unread_from),
        ListPosition(last_us, root.room_id, root.seq),
    )
