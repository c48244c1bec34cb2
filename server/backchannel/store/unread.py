"""SQL that counts what one person has not read. Counts are never stored, so they cannot be wrong; each stops at 100.

Room: messages by others above `read_seq`; of replies in threads those alone that the room shows, and that were not read in their thread.
Thread that the person follows: replies by others above where following began, how far they read there, and how far they read all
threads of the room; of those that the room shows, only what they have not read there. A room's sums are over the same rows.

Where the person marked the room or thread as unread, all of that kind from `unread_from` on is unread there, read elsewhere or not.
"""

from typing import Final

from backchannel.store.transaction import MEMBERSHIP, MENTION, MESSAGE, ROOM, THREAD_FOLLOW

COUNTED_AT_MOST: Final = 100

MINE: Final = (
    "SELECT r.id, r.kind, r.name, r.topic, r.head, r.member_count, r.key, r.shows_seen, mb.room_id, mb.person_id, mb.read_seq, "
    "mb.threads_read_seq, mb.unread_from, "
    "CASE WHEN mb.unread_from IS NULL THEN mb.read_seq ELSE mb.unread_from - 1 END AS mark, mb.role, mb.level, mb.muted_until_us "
    f"FROM {MEMBERSHIP} mb JOIN {ROOM} r ON r.id = mb.room_id WHERE mb.person_id = %s"
)
"""A person's rooms: the rows `mb` that everything here refers to. Messages above `mark` are unread in the room."""


def _count(of: str) -> str:
    return f"(SELECT COUNT(*) FROM (SELECT 1 FROM {of} LIMIT {COUNTED_AT_MOST}) AS counted)"


_BY_OTHERS: Final = "u.seq <= mb.head AND u.sender_id <> mb.person_id AND NOT u.deleted"
_IN_ROOM: Final = (
    f"u.room_id = mb.room_id AND u.seq > mb.mark AND {_BY_OTHERS} AND u.beside IS NULL AND (u.thread IS NULL OR "
    f"u.seq >= mb.unread_from OR NOT EXISTS (SELECT 1 FROM {THREAD_FOLLOW} f WHERE f.person_id = mb.person_id "
    "AND f.root_id = u.thread AND f.read_seq >= u.seq AND (f.unread_from IS NULL OR f.unread_from > u.seq)))"
)
THREAD_READ: Final = (
    "CASE WHEN f.from_seq >= f.read_seq AND f.from_seq >= mb.threads_read_seq THEN f.from_seq "
    "WHEN f.read_seq >= mb.threads_read_seq THEN f.read_seq ELSE mb.threads_read_seq END"
)
"""How far the thread of `f` was read, or where following it began. Replies above it are unread, and those from `f.unread_from` on."""
IS_UNREAD_REPLY: Final = (
    f"u.thread = f.root_id AND u.seq > CASE WHEN f.unread_from IS NULL THEN {THREAD_READ} ELSE f.unread_from - 1 END "
    f"AND {_BY_OTHERS} AND (u.beside IS NOT NULL OR u.seq > mb.mark OR u.seq >= f.unread_from)"
)
"""Whether message `u` is an unread reply of the thread that `f` follows."""

_AND_MENTIONS: Final = f"JOIN {MENTION} n ON n.person_id = mb.person_id AND n.room_id = mb.room_id AND n.seq = u.seq"
_FOLLOWED: Final = (
    f"{THREAD_FOLLOW} f JOIN {MESSAGE} u ON {IS_UNREAD_REPLY} %s "
    "WHERE f.person_id = mb.person_id AND f.room_id = mb.room_id AND f.following"
)
# CROSS JOIN keeps SQLite from starting with the messages, of which there are more than mentions.
COUNTS: Final = ", ".join((
    _count(f"{MESSAGE} u WHERE {_IN_ROOM}"),
    _count(
        f"{MENTION} n CROSS JOIN {MESSAGE} u WHERE u.room_id = n.room_id AND u.seq = n.seq "
        f"AND n.person_id = mb.person_id AND n.room_id = mb.room_id AND n.seq > mb.mark AND {_IN_ROOM}"
    ),
    _count(_FOLLOWED % ""),
    _count(_FOLLOWED % _AND_MENTIONS),
))  # fmt: skip
"""Of a room: unread messages and mentions, then the sums over the threads that the person follows."""
THREAD_COUNTS: Final = ", ".join(
    f"CASE WHEN f.following THEN {_count(of)} ELSE 0 END"
    for of in (f"{MESSAGE} u WHERE {IS_UNREAD_REPLY}", f"{MESSAGE} u {_AND_MENTIONS} WHERE {IS_UNREAD_REPLY}")
)
"""Of the thread that `f` follows: unread replies and mentions."""
