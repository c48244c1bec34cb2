"""Keeps people in step with the site's users: after each save and deletion of one, and all at once by `sync_people`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any, Literal, NamedTuple

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import DatabaseError
from django.db.models.signals import post_delete, post_save

from backchannel.accounts import user_classes
from backchannel.accounts.erasing import erase_account
from backchannel.accounts.people import adapter, person_of, profile_of, space_of
from backchannel.people import PersonAdapter
from backchannel.process_log import ProcessLog
from backchannel.protocol.errors import CommandError
from backchannel.store import people
from backchannel.store.after_commit import after_commit

BATCH = 500

_log = ProcessLog("backchannel.people")


class Synced(NamedTuple):
    """How many people `sync_people` found in which state."""

    made: int
    changed: int
    unchanged: int
    erased: int
    broken: int = 0
    """Users of whom the site's own code raised something, which is logged."""

    def __str__(self) -> str:
        said = f"{self.made} people made, {self.changed} changed, {self.unchanged} unchanged, {self.erased} erased."
        return f"{said} {self.broken} could not be read; the log says why." if self.broken else said


def watch() -> None:
    """Connect to Django's signals; called once when the apps are ready."""
    key = "backchannel.people"
    for users in user_classes.saved_by():
        post_save.connect(_on_user_saved, sender=users, dispatch_uid=key)
    for users in user_classes.deleted_by():
        post_delete.connect(_on_user_deleted, sender=users, dispatch_uid=key)


def sync_people(users: Iterable[Any] | None = None, *, erase_missing: bool = False) -> Synced:
    """Make the people of all active users (`users`: of these) and bring them up to date. Connected clients are informed.

    `erase_missing`: also erase people whose user no longer exists, for sites that delete rows without Django. Blocks; not to be
    called in a transaction.
    """
    counted: Counter[str] = Counter()
    site = adapter()
    everybody = get_user_model()._default_manager.iterator(BATCH) if users is None else iter(users)
    for user in everybody:
        try:
            counted[_sync(user, site)] += 1
        except (DatabaseError, CommandError):  # it would be the same for the next one
            raise
        except Exception:
            _log.exception("sync_broke", account=str(user.pk))
            counted["broken"] += 1
    erased = _erase_missing() if erase_missing else 0
    return Synced(counted["made"], counted["changed"], counted["unchanged"], erased, counted["broken"])


def _sync(user: Any, site: PersonAdapter) -> Literal["made", "changed", "unchanged", "inactive"]:
    if not site.is_active(user):
        people.set_account_active(str(user.pk), False)
        return "inactive"
    known = people.is_known(str(user.pk), space_of(user))
    if known and not people.person_for_account(profile_of(user)).is_outdated:
        return "unchanged"
    person_of(user)
    return "changed" if known else "made"


def _erase_missing() -> int:
    missing = [account for batch in people.accounts(BATCH) for account in _without_user(batch)]
    for account in missing:
        erase_account(account)
    return len(missing)


def _without_user(accounts: list[str]) -> Iterator[str]:
    to_python = get_user_model()._meta.pk.to_python
    keys = {}
    for account in accounts:
        try:
            keys[to_python(account)] = account
        except ValidationError:
            yield account
    there = set(get_user_model()._base_manager.filter(pk__in=keys).values_list("pk", flat=True))
    yield from (account for key, account in keys.items() if key not in there)


def _on_user_saved(sender: Any, instance: Any, created: bool, raw: bool, update_fields: Any = None, **_: Any) -> None:
    """A new user becomes a person when somebody needs them."""
    if created or raw or (update_fields is not None and set(update_fields) <= {"last_login", "password"}):
        return
    after_commit(partial(_bring_up_to_date, instance))


def _bring_up_to_date(user: Any) -> None:
    account = str(user.pk)
    if not people.ids_of_account(account):
        return
    if adapter().is_active(user):
        person_of(user)
    else:
        people.set_account_active(account, False)


def _on_user_deleted(sender: Any, instance: Any, **_: Any) -> None:
    after_commit(partial(erase_account, str(instance.pk)))
