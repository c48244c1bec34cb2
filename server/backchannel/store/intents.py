"""The rows of intents and notices: what other processes, and the site's own transactions, leave for a node to do."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from django.db import connection
from django.db.transaction import atomic

from backchannel.store.clock import now_us
from backchannel.store.driver import driver_of, read
from backchannel.store.models import Intent, Room
from backchannel.store.transaction import INTENT, NOTICE, ROOM, Transaction, marks
from backchannel.store.workspace import workspace

DIRECT: Final = "direct:"
"""The prefix of a direct room's key, like "direct:3:8". The rest is its `direct_key`; no other room has such a key."""
NOTICE_LIFE_US: Final = 60 * 1_000_000
"""Age of a notice that is deleted unpublished: by then every node has compared itself with the database."""

# An arbitrary constant: the key of the advisory lock in this database.
_APPLYING: Final = 0x696E7465


class Waiting(NamedTuple):
    id: int
    body: str


class Left(NamedTuple):
    """Which of both is left for a node."""

    intents: bool
    notices: bool


class RefusedIntent(NamedTuple):
    """A refused intent, for an operator."""

    id: int
    body: str
    refused_us: int
    reason: str


def keep(body: str, makes: str | None) -> None:
    """Write an intent, in the transaction of the calling thread."""
    Intent.objects.create(body=body, makes=makes)


def is_waiting() -> bool:
    """Whether this thread sees an intent that is not applied."""
    return bool(read(f"SELECT 1 FROM {INTENT} WHERE refused_us IS NULL LIMIT 1", []))


def count_waiting() -> int:
    return Intent.objects.filter(refused_us=None).count()


def will_make(key: str) -> bool:
    """Whether an intent that this thread sees makes the room of this key."""
    return Intent.objects.filter(makes=key, refused_us=None).exists()


def left() -> Left:
    """Whether intents and notices wait for a node. Runs several times a second, hence below Django's logging of statements."""
    connection.ensure_connection()
    sql = f"SELECT EXISTS (SELECT 1 FROM {INTENT} WHERE refused_us IS NULL), EXISTS (SELECT 1 FROM {NOTICE})"
    has_intents, has_notices = driver_of(connection).query(sql, [])[0]
    return Left(bool(has_intents), bool(has_notices))


def data_version() -> int:
    """A number that SQLite changes when another connection has committed. It costs no read of the file."""
    connection.ensure_connection()
    return int(driver_of(connection).query("PRAGMA data_version", [])[0][0])


def lock(transaction: Transaction) -> None:
    """One transaction at a time applies intents, so that their order is kept. SQLite has one writer anyway."""
    if transaction.is_postgres:
        transaction.query("SELECT pg_advisory_xact_lock(%s)", [_APPLYING])


def waiting(transaction: Transaction, limit: int) -> list[Waiting]:
    """The oldest first. Those of one transaction have the order in which it wrote them."""
    rows = transaction.query(f"SELECT id, body FROM {INTENT} WHERE refused_us IS NULL ORDER BY id LIMIT %s", [limit])
    return [Waiting(*row) for row in rows]


def waiting_one(transaction: Transaction, id_: int) -> list[Waiting]:
    rows = transaction.query(f"SELECT id, body FROM {INTENT} WHERE refused_us IS NULL AND id = %s", [id_])
    return [Waiting(*row) for row in rows]


def with_text(transaction: Transaction, after: int, limit: int) -> list[Waiting]:
    """Posts and edits, waiting or refused, from id `after` on."""
    rows = transaction.query(
        f"SELECT id, body FROM {INTENT} WHERE id > %s AND (body LIKE %s OR body LIKE %s) ORDER BY id LIMIT %s",
        [after, '{"kind":"post",%', '{"kind":"edit",%', limit],
    )
    return [Waiting(*row) for row in rows]


def delete(transaction: Transaction, ids: Sequence[int]) -> None:
    if ids:
        transaction.execute(f"DELETE FROM {INTENT} WHERE id IN ({marks(ids)})", ids)


def refuse(transaction: Transaction, id_: int, reason: str) -> None:
    transaction.execute(
        f"UPDATE {INTENT} SET refused_us = %s, reason = %s WHERE id = %s", [transaction.at_us, reason, id_]
    )


def refused() -> list[RefusedIntent]:
    rows = read(f"SELECT id, body, refused_us, reason FROM {INTENT} WHERE refused_us IS NOT NULL ORDER BY id", [])
    return [RefusedIntent(*row) for row in rows]


def retry(ids: Iterable[int] | None = None) -> int:
    """Have refused intents (None: all) applied again, in their old order. Returns how many there are."""
    rows = Intent.objects.exclude(refused_us=None)
    if ids is not None:
        rows = rows.filter(pk__in=list(ids))
    return rows.update(refused_us=None, reason="")


def drop(ids: Iterable[int]) -> int:
    """Delete refused intents for good. Returns how many there were."""
    return Intent.objects.filter(pk__in=list(ids)).exclude(refused_us=None).delete()[0]


def rooms_of_keys(keys: Iterable[str]) -> dict[str, int]:
    """Key → id, for the rooms that exist. `DIRECT` and a pair's key stands for the direct room."""
    own, direct = [], []
    for key in set(keys):
        direct.append(key.removeprefix(DIRECT)) if key.startswith(DIRECT) else own.append(key)
    found: dict[str, int] = {}
    for prefix, column, wanted in (("", "key", own), (DIRECT, "direct_key", direct)):
        if wanted:
            rows = read(f"SELECT {column}, id FROM {ROOM} WHERE {column} IN ({marks(wanted)})", wanted)
            found.update((f"{prefix}{key}", id_) for key, id_ in rows)
    return found


def keys_of_rooms(ids: Iterable[int]) -> dict[int, str]:
    """Id → key, for the rooms that have one."""
    rows = Room.objects.filter(pk__in=list(ids)).values_list("pk", "key")
    return {id_: key for id_, key in rows if key is not None}


def name_of_room(id_: int) -> str:
    """The key of a room; "#7" where it has none. It never changes."""
    rows = Room.objects.filter(pk=id_).values_list("key", "direct_key")
    key, direct_key = rows[0] if rows else (None, None)
    return key or (f"{DIRECT}{direct_key}" if direct_key else f"#{id_}")


def namespace() -> str:
    """The UUID, as 32 digits, in which keys of messages become ids."""
    return workspace().namespace


def keep_notices(transaction: Transaction, notices: Sequence[tuple[str, bytes]]) -> None:
    """(topic, body) of each, to be published by a node in this order. Deletes those that are too old to be of use."""
    transaction.execute(f"DELETE FROM {NOTICE} WHERE made_us < %s", [now_us() - NOTICE_LIFE_US])
    transaction.execute_many(
        f"INSERT INTO {NOTICE} (topic, body, made_us) VALUES (%s, %s, %s)",
        [(topic, body, now_us()) for topic, body in notices],
    )


def keep_notice(topic: str, body: bytes) -> None:
    """The same in a transaction of its own."""
    with atomic():
        keep_notices(Transaction(connection, now_us()), [(topic, body)])


def take_notices(transaction: Transaction, limit: int) -> list[tuple[str, bytes]]:
    """Take the oldest; no other node gets them."""
    skipping = " FOR UPDATE SKIP LOCKED" if transaction.is_postgres else ""
    rows = transaction.query(
        f"DELETE FROM {NOTICE} WHERE id IN (SELECT id FROM {NOTICE} ORDER BY id LIMIT %s{skipping}) "
        "RETURNING id, topic, body",
        [limit],
    )
    return [(topic, bytes(body)) for _, topic, body in sorted(rows, key=lambda row: row[0])]
