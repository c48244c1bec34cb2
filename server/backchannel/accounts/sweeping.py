"""Deletes what nobody can use any more: sessions, tickets, invitations, and the setup secret of a server that has an owner.

Also deactivates the people of accounts that were deactivated or deleted without a signal: by a bulk update, or in SQL.

Runs at the start and every ten minutes on each node. Of several nodes on one PostgreSQL database one does it and the others skip it.
Rows are deleted in small batches, so that no send waits behind a large delete.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from backchannel.accounts import audit, setup_secret
from backchannel.accounts.models import ChatSession, Invitation, SignIn, Ticket
from backchannel.accounts.onboarding import is_set_up
from backchannel.accounts.sessions import keeps_a_table, session_store, session_table
from backchannel.store import people

BATCH: Final = 500
KEEP_INVITATIONS: Final = timedelta(days=30)
"""How long the admin pages still list an ended invitation."""
KEEP_SIGN_INS: Final = timedelta(hours=1)

# An arbitrary constant: the key of the advisory lock in this database.
_LOCK: Final = 0x73776565


def sweep() -> int:
    """Delete what has ended. Returns the number of rows. Blocking: call in a thread."""
    now = timezone.now()
    swept = 0
    if is_set_up():
        # Each node has its own file.
        setup_secret.discard()
    with _alone() as is_mine:
        if not is_mine:
            return 0
        for ended in (
            *_sessions(now),
            *_sign_ins(now),
            Ticket.objects.filter(expires__lt=now),
            ChatSession.objects.filter(expires__lt=now),
            Invitation.objects.filter(expires__lt=now - KEEP_INVITATIONS),
        ):
            swept += _delete(ended)
        _close_people()
        audit.seal()
    return swept


def _sessions(now: Any) -> Iterator[QuerySet[Any]]:
    if not keeps_a_table():
        session_store().clear_expired()
    elif (table := session_table()) is not None:
        yield table.objects.filter(expire_date__lt=now)


def _sign_ins(now: Any) -> Iterator[QuerySet[Any]]:
    """Rows of sessions that are gone. A session that has just been given another key gets its row back at its next request."""
    if (table := session_table()) is not None:
        alive = table.objects.values("session_key")
        yield SignIn.objects.filter(last_used__lt=now - KEEP_SIGN_INS).exclude(session_key__in=alive)


def _close_people() -> None:
    """Otherwise they could be found, and inherit rooms, for as long as the chat takes them for active."""
    users = get_user_model()._base_manager.all()
    if any(field.name == "is_active" for field in get_user_model()._meta.get_fields()):
        users = users.filter(is_active=True)
    for batch in people.active_accounts(BATCH):
        keys = {key: account for account in batch if (key := _key_of(account)) is not None}
        for key in keys.keys() - set(users.filter(pk__in=keys).values_list("pk", flat=True)):
            people.set_account_active(keys[key], False)


def _key_of(account: str) -> Any:
    with suppress(ValidationError):
        return get_user_model()._meta.pk.to_python(account)
    return None


def _delete(ended: QuerySet[Any]) -> int:
    deleted = 0
    while keys := list(ended.values_list("pk", flat=True)[:BATCH]):
        # Without signals: it ended by its time, which every node knows, so it need not be announced.
        deleted += ended.model._default_manager.filter(pk__in=keys)._raw_delete(ended.db)
    return deleted


@contextmanager
def _alone() -> Iterator[bool]:
    """Yields whether this process is the one that sweeps now."""
    if connection.vendor != "postgresql":
        yield True
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        (is_mine,) = cursor.fetchone()
        try:
            yield is_mine
        finally:
            if is_mine:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
