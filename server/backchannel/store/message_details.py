"""What is kept of how a message came in. Blocking, like `reads`."""

from typing import Final, NamedTuple
from uuid import UUID

from django.db import connection

from backchannel.protocol import times
from backchannel.protocol.results import SeenBy
from backchannel.protocol.shapes import User, Via
from backchannel.store.driver import read
from backchannel.store.memberships import MEMBER
from backchannel.store.render import user_columns
from backchannel.store.transaction import EVENT, MEMBERSHIP, MESSAGE, PERSON, ROOM, THREAD_FOLLOW, db_uuid, from_db_uuid

NAMED: Final = 100
"""Larger rooms show how many have seen a message, and not who."""
EDITS: Final = 100
"""The most that are listed, the newest."""


class Facts(NamedTuple):
    room_id: int
    seq: int
    sender_id: int
    accepted_at: str
    via: Via | None
    deleted: bool
    thread: UUID | None
    is_beside: bool
    """A reply that the room does not show."""


def facts_of(message_id: UUID) -> Facts:
    """The details of a message that is known to exist."""
    ((room_id, seq, sender_id, created_us, via, deleted, thread, beside),) = read(
        f"SELECT room_id, seq, sender_id, created_us, via, deleted, thread, beside FROM {MESSAGE} WHERE id = %s",
        [db_uuid(connection, message_id)],
    )
    root = from_db_uuid(thread) if thread else None
    return Facts(room_id, seq, sender_id, times.to_wire(created_us), via, bool(deleted), root, bool(beside))


def edits_of(message_id: UUID, head: int) -> list[str]:
    """When it was edited, ascending, by events up to `head`."""
    rows = read(
        f"SELECT at_us FROM {EVENT} WHERE message_id = %s AND kind = 'message_edited' AND seq <= %s ORDER BY seq DESC LIMIT %s",
        [db_uuid(connection, message_id), head, EDITS],
    )
    return [times.to_wire(at_us) for (at_us,) in reversed(rows)]


def seen_by(message: Facts) -> SeenBy | None:
    """The members who have read it, by their read marks: of the room, of all its threads, or of the message's thread. Not those who came
    later. None where the room does not show it."""
    ((shows_seen, member_count),) = read(
        f"SELECT shows_seen, member_count FROM {ROOM} WHERE id = %s", [message.room_id]
    )
    if not shows_seen:
        return None
    of_thread, values = "FALSE", []
    if message.thread is not None:
        of_thread = (
            f"mb.threads_read_seq >= %s OR EXISTS (SELECT 1 FROM {THREAD_FOLLOW} f WHERE f.person_id = mb.person_id "
            "AND f.root_id = %s AND f.read_seq >= %s)"
        )
        values = [message.seq, db_uuid(connection, message.thread), message.seq]
    of_room = "FALSE" if message.is_beside else "mb.read_seq >= %s"
    seen = (
        f"FROM {MEMBERSHIP} mb JOIN {PERSON} p ON p.id = mb.person_id WHERE mb.room_id = %s "
        f"AND mb.state = %s AND mb.person_id <> %s AND mb.joined_seq <= %s AND ({of_room} OR {of_thread})"
    )
    values = [
        message.room_id, MEMBER, message.sender_id, message.seq, *([] if message.is_beside else [message.seq]), *values,
    ]  # fmt: skip
    if member_count > NAMED:
        return SeenBy(read(f"SELECT COUNT(*) {seen}", values)[0][0], None)
    people = [User(*row) for row in read(f"SELECT {user_columns('p')} {seen} ORDER BY p.id", values)]
    return SeenBy(len(people), people)
