"""The messages that may concern people, and what came of them. Blocking.

A row of `PersonNotification` is made once for a person and a message, in the transaction that moves the notifier's cursor. It waits until
it is due; then the facts of that moment decide.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from backchannel.store.driver import read
from backchannel.store.memberships import MEMBER
from backchannel.store.models import PersonNotification
from backchannel.store.notification_settings import DEFAULTS
from backchannel.store.transaction import (
    MEMBERSHIP,
    MESSAGE,
    NOTIFICATION_SETTINGS,
    PERSON,
    PERSON_NOTIFICATION,
    PUSH_MESSAGE,
    PUSH_SUBSCRIPTION,
    ROOM,
    THREAD_FOLLOW,
    Transaction,
    db_uuid,
    from_db_uuid,
    marks,
)

WAITING: Final = PersonNotification.State.WAITING.value
NOTIFIED: Final = PersonNotification.State.NOTIFIED.value
NOT_NOTIFIED: Final = PersonNotification.State.NOT_NOTIFIED.value
KEPT_US: Final = 7 * 86_400 * 1_000_000
"""For so long it is kept what came of a message."""


class Listener(NamedTuple):
    """A member whom a message of the room may concern."""

    room_id: int
    person_id: int
    kind: str
    member_count: int
    level: str | None
    role: str
    joined_seq: int
    keywords: str


def listeners(rooms: Collection[int], named: Collection[int], addressed: Collection[int]) -> list[Listener]:
    """Members of these rooms who get more than mentions, who have keywords, or are among `named`; all of the rooms in `addressed`. Neither
    bots nor who was deactivated."""
    if not rooms:
        return []
    among = f" OR mb.person_id IN ({marks(named)})" if named else ""
    among += f" OR mb.room_id IN ({marks(addressed)})" if addressed else ""
    rows = read(
        f"SELECT mb.room_id, mb.person_id, r.kind, r.member_count, mb.level, mb.role, mb.joined_seq, COALESCE(ns.keywords, '[]') "
        f"FROM {MEMBERSHIP} mb JOIN {ROOM} r ON r.id = mb.room_id JOIN {PERSON} p ON p.id = mb.person_id "
        f"LEFT JOIN {NOTIFICATION_SETTINGS} ns ON ns.person_id = mb.person_id "
        f"WHERE mb.room_id IN ({marks(rooms)}) AND mb.state = %s AND p.active AND p.kind IS NULL "
        f"AND (mb.level = %s OR r.kind = %s OR COALESCE(ns.keywords, '[]') <> '[]'{among}) ORDER BY mb.room_id, mb.person_id",
        [*rooms, MEMBER, "all", "direct", *named, *addressed],
    )
    return [Listener._make(row) for row in rows]


def thread_followers(connection: Any, roots: Collection[UUID]) -> dict[UUID, set[int]]:
    if not roots:
        return {}
    found: dict[UUID, set[int]] = {}
    for root, person_id in read(
        f"SELECT root_id, person_id FROM {THREAD_FOLLOW} WHERE following AND root_id IN ({marks(roots)})",
        [db_uuid(connection, root) for root in roots],
    ):
        found.setdefault(from_db_uuid(root), set()).add(person_id)
    return found


class Candidate(NamedTuple):
    """A row to be made. `concerns`: JSON."""

    person_id: int
    message_id: UUID
    concerns: str
    sent_us: int
    due_us: int


def write_candidates(transaction: Transaction, candidates: Iterable[Candidate]) -> None:
    """Each once, whatever was written before."""
    transaction.execute_many(
        f"INSERT INTO {PERSON_NOTIFICATION} (person_id, message_id, concerns, state, why, made_us, due_us) "
        f"VALUES (%s, %s, %s, '{WAITING}', '', %s, %s) ON CONFLICT (person_id, message_id) DO NOTHING",
        [(each.person_id, transaction.uuid(each.message_id), *each[2:]) for each in candidates],
    )


def forget_before(transaction: Transaction, before_us: int) -> None:
    transaction.execute(
        f"DELETE FROM {PUSH_MESSAGE} WHERE notification_id IN (SELECT id FROM {PERSON_NOTIFICATION} WHERE made_us < %s)",
        [before_us],
    )
    transaction.execute(f"DELETE FROM {PERSON_NOTIFICATION} WHERE made_us < %s", [before_us])


def has_older_than(before_us: int) -> bool:
    return bool(read(f"SELECT 1 FROM {PERSON_NOTIFICATION} WHERE made_us < %s LIMIT 1", [before_us]))


class Due(NamedTuple):
    """A waiting row, with the facts of this moment. The settings are as their columns."""

    id: int
    person_id: int
    concerns: str
    sent_us: int
    sender_id: int
    is_deleted: bool
    is_beside: bool
    kind: str
    level: str | None
    muted_until_us: int
    is_member: bool
    is_read: bool
    quiet_hours: str
    dnd_until_us: int


_MAY_SEE: Final = f"COALESCE(mb.state = '{MEMBER}' AND p.active, FALSE)"
_IS_READ: Final = (
    "((m.beside IS NULL AND COALESCE(mb.read_seq, 0) >= m.seq) OR (m.thread IS NOT NULL AND "
    "(COALESCE(f.read_seq, 0) >= m.seq OR COALESCE(mb.threads_read_seq, 0) >= m.seq)))"
)
_AND_MARKS: Final = (
    f"LEFT JOIN {MEMBERSHIP} mb ON mb.room_id = m.room_id AND mb.person_id = n.person_id "
    f"LEFT JOIN {THREAD_FOLLOW} f ON f.person_id = n.person_id AND f.root_id = m.thread "
    f"LEFT JOIN {NOTIFICATION_SETTINGS} ns ON ns.person_id = n.person_id "
)
_DUE: Final = (
    "SELECT n.id, n.person_id, n.concerns, n.made_us, m.sender_id, m.deleted, m.beside IS NOT NULL, r.kind, mb.level, "
    f"COALESCE(mb.muted_until_us, 0), {_MAY_SEE}, {_IS_READ}, "
    f"COALESCE(ns.quiet_hours, '{DEFAULTS[1]}'), COALESCE(ns.dnd_until_us, 0) FROM {PERSON_NOTIFICATION} n "
    f"JOIN {MESSAGE} m ON m.id = n.message_id JOIN {ROOM} r ON r.id = m.room_id JOIN {PERSON} p ON p.id = n.person_id {_AND_MARKS}"
)


def due(now_us: int, at_most: int) -> list[Due]:
    """The longest due first."""
    rows = read(
        f"{_DUE} WHERE n.state = '{WAITING}' AND n.due_us <= %s ORDER BY n.due_us, n.id LIMIT %s", [now_us, at_most]
    )
    return [
        Due._make((*row[:5], bool(row[5]), bool(row[6]), *row[7:10], bool(row[10]), bool(row[11]), *row[12:]))
        for row in rows
    ]


def next_due_us() -> int | None:
    """When the first of the waiting rows and push messages is due; None if there is none."""
    rows = read(
        f"SELECT MIN(due_us) FROM (SELECT MIN(due_us) AS due_us FROM {PERSON_NOTIFICATION} WHERE state = '{WAITING}' "
        f"UNION ALL SELECT MIN(due_us) FROM {PUSH_MESSAGE}) AS both_kinds",
        [],
    )
    return rows[0][0]  # type: ignore[no-any-return]


def write_decision(transaction: Transaction, ids: Sequence[int], state: str, why: str) -> list[int]:
    """The rows among `ids` that waited until now."""
    return [
        row[0]
        for row in transaction.query(
            f"UPDATE {PERSON_NOTIFICATION} SET state = %s, why = %s WHERE state = '{WAITING}' AND id IN ({marks(ids)}) RETURNING id",
            [state, why, *ids],
        )
    ]


def postpone(transaction: Transaction, id_: int, due_us: int) -> None:
    transaction.execute(
        f"UPDATE {PERSON_NOTIFICATION} SET due_us = %s WHERE state = '{WAITING}' AND id = %s", [due_us, id_]
    )


def queue_push(transaction: Transaction, ids: Sequence[int]) -> None:
    """One push message for each browser of the people whom these rows notify."""
    transaction.execute(
        f"INSERT INTO {PUSH_MESSAGE} (notification_id, subscription_id, tries, due_us) "
        f"SELECT n.id, s.id, 0, %s FROM {PERSON_NOTIFICATION} n JOIN {PUSH_SUBSCRIPTION} s ON s.person_id = n.person_id "
        f"WHERE n.id IN ({marks(ids)}) ON CONFLICT (notification_id, subscription_id) DO NOTHING",
        [transaction.at_us, *ids],
    )


class Queued(NamedTuple):
    """A push message that is due, with all it shows."""

    id: int
    subscription_id: int
    tries: int
    person_id: int
    message_id: UUID
    sent_us: int
    why: str
    endpoint: str
    p256dh: str
    auth: str
    page: str
    room_id: int
    seq: int
    kind: str
    room: str | None
    sender: str
    content: str
    attachments: str
    is_void: bool
    """The message was deleted or read meanwhile, or the person may not see it any more, or the sign-in of the browser ended."""
    push_content: str


def queued(now_us: int, at_most: int) -> list[Queued]:
    rows = read(
        "SELECT q.id, q.subscription_id, q.tries, n.person_id, n.message_id, n.made_us, n.why, s.endpoint, s.p256dh, s.auth, s.page, "
        "m.room_id, m.seq, r.kind, r.name, w.display_name, m.content, m.attachments, "
        f"m.deleted OR NOT {_MAY_SEE} OR {_IS_READ} OR COALESCE(s.ends_us <= %s, FALSE), COALESCE(ns.push_content, 'full') "
        f"FROM {PUSH_MESSAGE} q JOIN {PERSON_NOTIFICATION} n ON n.id = q.notification_id JOIN {PUSH_SUBSCRIPTION} s ON s.id = q.subscription_id "
        f"JOIN {MESSAGE} m ON m.id = n.message_id JOIN {ROOM} r ON r.id = m.room_id JOIN {PERSON} w ON w.id = m.sender_id "
        f"JOIN {PERSON} p ON p.id = n.person_id {_AND_MARKS}"
        "WHERE q.due_us <= %s ORDER BY q.due_us, q.id LIMIT %s",
        [now_us, now_us, at_most],
    )
    return [Queued._make((*row[:4], from_db_uuid(row[4]), *row[5:18], bool(row[18]), row[19])) for row in rows]


def delete_push(transaction: Transaction, ids: Sequence[int]) -> None:
    transaction.execute(f"DELETE FROM {PUSH_MESSAGE} WHERE id IN ({marks(ids)})", ids)


def retry_push(transaction: Transaction, id_: int, due_us: int) -> None:
    transaction.execute(f"UPDATE {PUSH_MESSAGE} SET due_us = %s, tries = tries + 1 WHERE id = %s", [due_us, id_])


def delete_subscriptions(transaction: Transaction, endpoints: Iterable[tuple[int, str]]) -> None:
    """Those of (id, endpoint) that were not renewed meanwhile, with what waits for them."""
    for id_, endpoint in endpoints:
        transaction.execute(f"DELETE FROM {PUSH_MESSAGE} WHERE subscription_id = %s", [id_])
        transaction.execute(f"DELETE FROM {PUSH_SUBSCRIPTION} WHERE id = %s AND endpoint = %s", [id_, endpoint])
