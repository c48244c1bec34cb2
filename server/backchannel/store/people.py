"""Maps accounts of the site to people of the chat."""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import count
from typing import Any, Final

from django.db import IntegrityError, connection, transaction

from backchannel.protocol.shapes import User
from backchannel.store.clock import now_us
from backchannel.store.driver import begins, by_code_point, read
from backchannel.store.memberships import keep_an_owner
from backchannel.store.models import Person
from backchannel.store.transaction import MEMBERSHIP, NAME_KEY, PERSON, ROOM, Outcome, Transaction
from backchannel.text_rules import KEY_LENGTH, clean_name, fold, handle_of, holds_address
from backchannel.text_rules.handles import numbered

FOUND_AT_MOST: Final = 500
"""Most results of a search in the admin pages."""
_OF_ACCOUNT: Final = f"SELECT id, username, display_name, active FROM {PERSON} WHERE account = %s"
"""Runs at every handshake."""
_WITHOUT_OTHER_OWNER: Final = (
    f"SELECT mb.room_id FROM {MEMBERSHIP} mb JOIN {ROOM} r ON r.id = mb.room_id "
    "WHERE mb.person_id = %s AND mb.state = 'member' AND r.kind <> 'direct' AND NOT EXISTS ("
    f"SELECT 1 FROM {MEMBERSHIP} o JOIN {PERSON} p ON p.id = o.person_id WHERE o.room_id = mb.room_id AND o.state = 'member' "
    "AND o.role = 'owner' AND p.active AND o.person_id <> mb.person_id)"
)
"""The rooms in which this person is, or would be, the only active owner."""


def person_for_account(account: str, username: str, display_name: str) -> User:
    """Get, create or update the person of an account. `account`: the site's user id as text. Names are cleaned, because a site may
    allow anything in them; an e-mail address is never used as a name, because everyone sees names."""
    username = clean_name(username) or account
    found = read(_OF_ACCOUNT, [account])
    if holds_address(username):
        username = _handle(username, account, found[0][1] if found else "")
    display_name = clean_name(display_name)
    names = (username, username if not display_name or holds_address(display_name) else display_name)
    [(person_id, *kept)] = found or _make(account, names)
    if kept[:2] != list(names):
        rename(person_id, *names)
    if not kept[2]:
        set_account_active(account, True)
    return User(person_id, *names)


def rename(person_id: int, username: str, display_name: str) -> None:
    """Also replaces the search keys."""
    person = Person.objects.get(pk=person_id)
    person.username, person.display_name = username, display_name
    person.save(update_fields=["username", "display_name", "folded"])


def _handle(login: str, account: str, kept: str) -> str:
    """The name shown for a login that is an address. Of two accounts with the same name, the second gets a number and keeps it."""
    handle = handle_of(login)
    if kept == handle or re.fullmatch(re.escape(handle) + r"\.\d+", kept):
        return kept
    alike = Person.objects.filter(username__startswith=handle).exclude(account=account)
    taken = set(alike.values_list("username", flat=True))
    return next(name for name in (numbered(handle, number) for number in count(1)) if name not in taken)


def _make(account: str, names: tuple[str, str]) -> list[tuple[Any, ...]]:
    with suppress(IntegrityError):  # another request has just made it
        Person.objects.create(account=account, username=names[0], display_name=names[1])
    return read(_OF_ACCOUNT, [account])


def set_account_active(account: str, active: bool) -> None:
    """Deactivated people cannot be found any more; what they wrote remains. In rooms that lose (or regain) their only active owner, the
    longest-standing member takes over. New owners are notified within seconds, on whichever node they are."""
    person_id = id_of_account(account)
    if person_id is None:
        return
    with transaction.atomic():
        writing = Transaction(connection, now_us())
        writing.lock_rooms(row[0] for row in writing.query(_WITHOUT_OTHER_OWNER, [person_id]))
        Person.objects.filter(pk=person_id).update(active=active)
        for room in writing.rooms.values():
            keep_an_owner(writing, Outcome(), room)
        writing.finish()


def active_accounts(at_once: int) -> Iterator[list[str]]:
    """The accounts of all active people, in lists of `at_once`."""
    last = 0
    while rows := read(
        f"SELECT id, account FROM {PERSON} WHERE active AND id > %s ORDER BY id LIMIT %s", [last, at_once]
    ):
        last = rows[-1][0]
        yield [account for _, account in rows]


def users_by_id(ids: Iterable[int]) -> dict[int, User]:
    return {person.pk: user_of(person) for person in Person.objects.filter(pk__in=list(ids), active=True)}


def find_people(query: str, limit: int) -> list[User]:
    """Active people whose username, or a word of whose display name, begins with `query`, ordered by name. Ignores case and accents;
    see `text_rules.fold`."""
    key = fold(query)[:KEY_LENGTH]
    condition, values = begins("k.key", key)
    found = f"AND p.id IN (SELECT k.person_id FROM {NAME_KEY} k WHERE {condition}) " if key else ""
    rows = read(
        f"SELECT p.id, p.username, p.display_name FROM {PERSON} p WHERE p.active {found}"
        f"ORDER BY p.folded{by_code_point()}, p.id LIMIT %s",
        [*(values if key else ()), limit],
    )
    return [User(*row) for row in rows]


def accounts_found(query: str) -> list[str]:
    """The accounts of all people, active or not, whom `find_people` would find."""
    key = fold(query)[:KEY_LENGTH]
    if not key:
        return []
    condition, values = begins("k.key", key)
    return [
        account
        for (account,) in read(
            f"SELECT DISTINCT p.account FROM {PERSON} p JOIN {NAME_KEY} k ON k.person_id = p.id WHERE {condition} LIMIT %s",
            [*values, FOUND_AT_MOST],
        )
    ]


def user_of(person: Person) -> User:
    return User(person.pk, person.username, person.display_name)


def id_of_account(account: str) -> int | None:
    """The person's id; None if the account has never used the chat."""
    return Person.objects.filter(account=account).values_list("pk", flat=True).first()


def user_in_any_state(person_id: int) -> User:
    return user_of(Person.objects.get(pk=person_id))
