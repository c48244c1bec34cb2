"""Accounts of the site → people of the chat."""

import re
from collections.abc import Iterable
from contextlib import suppress
from itertools import count
from typing import Any, Final

from django.db import IntegrityError

from backchannel.protocol.shapes import User
from backchannel.store.driver import read
from backchannel.store.models import Person
from backchannel.store.transaction import PERSON
from backchannel.text_rules import clean_name, handle_of, holds_address
from backchannel.text_rules.handles import numbered

_OF_ACCOUNT: Final = f"SELECT id, username, display_name, active FROM {PERSON} WHERE account = %s"
"""Asked at every handshake."""


def person_for_account(account: str, username: str, display_name: str) -> User:
    """The person of this account, made or brought up to date. `account` is the site's user id as text. The names are cleaned:
    a site may let its people write anything. An e-mail address becomes neither of them: everybody sees them."""
    username = clean_name(username) or account
    found = read(_OF_ACCOUNT, [account])
    if holds_address(username):
        username = _handle(username, account, found[0][1] if found else "")
    display_name = clean_name(display_name)
    names = (username, username if not display_name or holds_address(display_name) else display_name)
    [(person_id, *kept)] = found or _make(account, names)
    if kept != [*names, True]:
        Person.objects.filter(pk=person_id).update(username=names[0], display_name=names[1], active=True)
    return User(person_id, *names)


def _handle(login: str, account: str, kept: str) -> str:
    """What stands for an address: of two accounts with the same, the later gets a number, and keeps it."""
    handle = handle_of(login)
    if kept == handle or re.fullmatch(re.escape(handle) + r"\.\d+", kept):
        return kept
    alike = Person.objects.filter(username__startswith=handle).exclude(account=account)
    taken = set(alike.values_list("username", flat=True))
    return next(name for name in (numbered(handle, number) for number in count(1)) if name not in taken)


def _make(account: str, names: tuple[str, str]) -> list[tuple[Any, ...]]:
    with suppress(IntegrityError):  # made by another request this instant
        Person.objects.create(account=account, username=names[0], display_name=names[1])
    return read(_OF_ACCOUNT, [account])


def set_account_active(account: str, active: bool) -> None:
    """Banned people are not found any more; what they wrote stays."""
    Person.objects.filter(account=account).update(active=active)


def users_by_id(ids: Iterable[int]) -> dict[int, User]:
    return {person.pk: user_of(person) for person in Person.objects.filter(pk__in=list(ids), active=True)}


def find_people(query: str, limit: int) -> list[User]:
    """Active people whose username or display name begins with `query`, by name."""
    from django.db.models import Q

    people = Person.objects.filter(active=True)
    if query:
        people = people.filter(
            Q(username__istartswith=query) | Q(display_name__istartswith=query) | Q(display_name__icontains=" " + query)
        )
    return [user_of(person) for person in people.order_by("display_name", "pk")[:limit]]


def user_of(person: Person) -> User:
    return User(person.pk, person.username, person.display_name)


def id_of_account(account: str) -> int | None:
    """The person's id, None where the account has never chatted."""
    return Person.objects.filter(account=account).values_list("pk", flat=True).first()


def user_in_any_state(person_id: int) -> User:
    return user_of(Person.objects.get(pk=person_id))
