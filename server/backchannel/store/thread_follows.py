"""Who follows which thread, and how far they have read in it. Inside a transaction that holds the room's lock.

A thread is followed by itself by the author of its first message, everybody mentioned there, everybody who replies and everybody
mentioned in a reply, as far as they are members of the room. Who decided against it does not follow it by itself again.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple
from uuid import UUID

from backchannel.protocol.events import ReadStateChanged, ThreadStateChanged
from backchannel.protocol.results import ReadState
from backchannel.store import rooms, threads
from backchannel.store.memberships import MEMBER
from backchannel.store.threads import ThreadState
from backchannel.store.transaction import MEMBERSHIP, THREAD_FOLLOW, Outcome, Transaction, from_db_uuid


class Follow(NamedTuple):
    """Where following begins: replies above `from_seq` can be unread."""

    room_id: int
    from_seq: int
    outcome: Outcome
    """Of the operation that makes them follow."""


Wanted = Mapping[tuple[int, UUID], Follow]
"""By person and first message of the thread."""

_FOLLOW_BY_ITSELF: Final = (
    f"INSERT INTO {THREAD_FOLLOW} (person_id, room_id, root_id, following, from_seq, read_seq) "
    "SELECT w.person_id, w.room_id, w.root_id, TRUE, w.from_seq, 0 FROM wanted w "
    f"JOIN {MEMBERSHIP} mb ON mb.room_id = w.room_id AND mb.person_id = w.person_id WHERE mb.state = '{MEMBER}' "
    "ON CONFLICT (person_id, root_id) DO UPDATE SET following = TRUE, from_seq = excluded.from_seq "
    f"WHERE {THREAD_FOLLOW}.following IS NULL RETURNING person_id, root_id"
)
_BIGINT: Final = "CAST(%s AS bigint)"
_SET: Final = (
    f"INSERT INTO {THREAD_FOLLOW} (person_id, room_id, root_id, following, from_seq, read_seq) "
    "VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (person_id, root_id) DO UPDATE SET "
)


def follow_by_itself(transaction: Transaction, wanted: Wanted) -> None:
    """The people of `wanted` who are members, and neither follow the thread nor decided against it. They get its state."""
    rows = ", ".join(
        ["(CAST(%s AS bigint), CAST(%s AS bigint), " + _uuid(transaction) + ", CAST(%s AS bigint))"] * len(wanted)
    )
    began = transaction.query(
        f"WITH wanted (person_id, room_id, root_id, from_seq) AS (VALUES {rows}) {_FOLLOW_BY_ITSELF}",
        [
            value
            for (person_id, root), follow in wanted.items()
            for value in (person_id, follow.room_id, transaction.uuid(root), follow.from_seq)
        ],
    )
    for person_id, root_id in sorted(began, key=lambda row: row[0]):
        root = from_db_uuid(root_id)
        follow = wanted[person_id, root]
        announce(transaction, follow.outcome, person_id, follow.room_id, root)


def _uuid(transaction: Transaction) -> str:
    return "CAST(%s AS uuid)" if transaction.is_postgres else "%s"


def follow(transaction: Transaction, person_id: int, room_id: int, root: UUID, head: int) -> None:
    """The person decided for it: from now on, also if it is not for the first time."""
    transaction.execute(
        f"{_SET} following = TRUE, from_seq = excluded.from_seq, unread_from = NULL",
        [person_id, room_id, transaction.uuid(root), True, head, 0],
    )


def unfollow(transaction: Transaction, person_id: int, room_id: int, root: UUID) -> bool:
    """Whether that changed anything."""
    changed = transaction.execute(
        f"{_SET} following = FALSE, unread_from = NULL WHERE {THREAD_FOLLOW}.following IS NULL OR {THREAD_FOLLOW}.following",
        [person_id, room_id, transaction.uuid(root), False, 0, 0],
    )
    return changed > 0


def mark_read(transaction: Transaction, person_id: int, room_id: int, root: UUID, seq: int) -> bool:
    """Whether that moved a mark."""
    values = [person_id, room_id, transaction.uuid(root), None, 0, seq]
    moved = transaction.execute(
        f"{_SET} read_seq = excluded.read_seq WHERE {THREAD_FOLLOW}.read_seq < excluded.read_seq", values
    )
    return _read_on(transaction, "root_id = %s", transaction.uuid(root), person_id, room_id, seq) or moved > 0


def mark_all_read(transaction: Transaction, person_id: int, room_id: int, seq: int) -> bool:
    """Read on in the threads of the room that are marked as unread. Whether there were any."""
    return _read_on(transaction, "room_id = %s", room_id, person_id, room_id, seq)


def _read_on(transaction: Transaction, which: str, value: object, person_id: int, room_id: int, seq: int) -> bool:
    """What is marked as unread begins behind `seq` now, if that is still below how far the person had read; else the mark goes."""
    changed = transaction.execute(
        f"UPDATE {THREAD_FOLLOW} SET unread_from = CASE WHEN %s >= read_seq AND %s >= from_seq AND %s >= "
        f"(SELECT mb.threads_read_seq FROM {MEMBERSHIP} mb WHERE mb.room_id = %s AND mb.person_id = %s) "
        f"THEN NULL ELSE {_BIGINT} END WHERE person_id = %s AND {which} AND unread_from <= %s",
        [seq, seq, seq, room_id, person_id, seq + 1, person_id, value, seq],
    )
    return changed > 0


def mark_unread(transaction: Transaction, person_id: int, room_id: int, root: UUID, seq: int, head: int) -> bool:
    """Follow the thread, with all replies from `seq` on unread. Whether that changed anything."""
    state = threads.state_of(person_id, room_id, root)
    if not state.following:
        follow(transaction, person_id, room_id, root, head)
    unread_from = seq if seq <= (state.read_seq if state.following else head) else None
    transaction.execute(
        f"UPDATE {THREAD_FOLLOW} SET unread_from = {_BIGINT} WHERE person_id = %s AND root_id = %s",
        [unread_from, person_id, transaction.uuid(root)],
    )
    return not state.following or state.unread_from != unread_from


def announce(transaction: Transaction, outcome: Outcome, person_id: int, room_id: int, root: UUID) -> None:
    """Send the thread as this person sees it at the end of the transaction, then the counts of its room, to all their devices."""

    def send() -> None:
        state: ThreadState = threads.state_of(person_id, room_id, root)
        transaction.notify_user(
            outcome, person_id,
            lambda version: ThreadStateChanged(
                user_version=version, room_id=room_id, root=root, seq=state.seq, following=state.following,
                read_seq=state.read_seq, unread_count=state.unread_count, mention_count=state.mention_count,
                unread_from=state.unread_from,
            ),
        )  # fmt: skip
        announce_counts(transaction, outcome, person_id, rooms.read_state_of(person_id, room_id), room_id)

    transaction.after_heads(send)


def announce_counts(transaction: Transaction, outcome: Outcome, person_id: int, state: ReadState, room_id: int) -> None:
    """Send what the person has not read in the room to all their devices."""
    transaction.notify_user(
        outcome, person_id,
        lambda version: ReadStateChanged(
            user_version=version, room_id=room_id, seq=state.seq, read_seq=state.read_seq,
            unread_count=state.unread_count, mention_count=state.mention_count,
            thread_unread_count=state.thread_unread_count, thread_mention_count=state.thread_mention_count,
            unread_from=state.unread_from,
        ),
    )  # fmt: skip
