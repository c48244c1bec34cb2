"""The browsers that get push messages, and the server's own key for it. Blocking."""

from typing import Any, Final, NamedTuple

from backchannel.store.clock import now_us
from backchannel.store.driver import read
from backchannel.store.models import PushSubscription
from backchannel.store.transaction import PUSH_MESSAGE, PUSH_SUBSCRIPTION, WORKSPACE, Transaction, marks

DEVICES: Final = 20
"""Of one person; the oldest gives way."""


class Subscription(NamedTuple):
    """A browser. `page`: what its notifications open, up to `rooms/…`."""

    device: str
    endpoint: str
    p256dh: str
    auth: str
    page: str
    credential: str = ""
    """Names the sign-in that it ends with."""
    ends_us: int | None = None
    """When that ends by itself."""


def subscribe(transaction: Transaction, person_id: int, given: Subscription) -> None:
    """Who signed in to a browser last has its endpoint."""
    _delete(
        transaction, "endpoint = %s AND NOT (person_id = %s AND device = %s)", [given.endpoint, person_id, given.device]
    )
    transaction.execute(
        f"INSERT INTO {PUSH_SUBSCRIPTION} (person_id, device, endpoint, p256dh, auth, page, credential, ends_us, made_us) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (person_id, device) DO UPDATE SET endpoint = excluded.endpoint, "
        "p256dh = excluded.p256dh, auth = excluded.auth, page = excluded.page, credential = excluded.credential, ends_us = excluded.ends_us, made_us = excluded.made_us",
        [person_id, *given, transaction.at_us],
    )
    _delete(
        transaction,
        f"person_id = %s AND id NOT IN (SELECT id FROM {PUSH_SUBSCRIPTION} WHERE person_id = %s ORDER BY made_us DESC, id DESC LIMIT %s)",
        [person_id, person_id, DEVICES],
    )


def subscription_of(person_id: int, device: str) -> tuple[int, Subscription] | None:
    """With its id. None too where its sign-in ended."""
    rows = read(
        f"SELECT id, device, endpoint, p256dh, auth, page, credential, ends_us FROM {PUSH_SUBSCRIPTION} "
        "WHERE person_id = %s AND device = %s AND COALESCE(ends_us > %s, TRUE)",
        [person_id, device, now_us()],
    )
    return (rows[0][0], Subscription._make(rows[0][1:])) if rows else None


def unsubscribe(transaction: Transaction, person_id: int, device: str) -> None:
    _delete(transaction, "person_id = %s AND device = %s", [person_id, device])


def _delete(transaction: Transaction, where: str, values: list[Any]) -> None:
    """With what waits to be sent there."""
    ids = [row[0] for row in transaction.query(f"SELECT id FROM {PUSH_SUBSCRIPTION} WHERE {where}", values)]
    if ids:
        transaction.execute(f"DELETE FROM {PUSH_MESSAGE} WHERE subscription_id IN ({marks(ids)})", ids)
        transaction.execute(f"DELETE FROM {PUSH_SUBSCRIPTION} WHERE id IN ({marks(ids)})", ids)


def end_with(*, credential: str | None = None, person_id: int | None = None) -> None:
    """A sign-in ended, or perhaps all of a person. Who is still signed in subscribes again at the next start of their app."""
    column, value = ("credential", credential) if credential is not None else ("person_id", person_id)
    # Looked up first: what has no subscription, as nearly every sign-in, is to write nothing.
    ids = [row[0] for row in read(f"SELECT id FROM {PUSH_SUBSCRIPTION} WHERE {column} = %s", [value])]
    if ids:
        PushSubscription.objects.filter(pk__in=ids).delete()


def public_key() -> str | None:
    """None until a node that sends push messages has started."""
    rows = read(f"SELECT push_public_key FROM {WORKSPACE} WHERE id = %s", [1])
    return (rows[0][0] or None) if rows else None


def private_key() -> str:
    """Empty if there is none yet."""
    rows = read(f"SELECT push_key FROM {WORKSPACE} WHERE id = %s", [1])
    return str(rows[0][0]) if rows else ""


def write_key(transaction: Transaction, private: str, public: str) -> None:
    """Unless there is one: nodes that start together agree on the first."""
    transaction.execute(
        f"UPDATE {WORKSPACE} SET push_key = %s, push_public_key = %s WHERE id = %s AND push_key = %s",
        [private, public, 1, ""],
    )
