"""The site's users as people of the chat."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.db import transaction

from backchannel.accounts.erasing import Messages, erase_account
from backchannel.accounts.lookup import issue_token
from backchannel.accounts.people import person_of
from backchannel.protocol.errors import Code, CommandError
from backchannel.protocol.shapes import User as Person
from backchannel.store import intents, rooms


def person(user: Any) -> Person:
    """The person of a user of the site: made in the caller's transaction, or brought up to date after it with what the site says of the
    user."""
    return user if isinstance(user, Person) else person_of(_saved(user))


def people_of(users: Iterable[Any]) -> dict[int, Person]:
    """Id → person, in the order of `users`."""
    return {each.id: each for each in map(person, users)}


def unread(user: Any) -> dict[str, int]:
    """Unread messages of each room of this user, up to 100: the room's key → number; where it has none, its id as text."""
    listed = rooms.rooms_of(person(user).id)
    keys = intents.keys_of_rooms(room.id for room in listed)
    return {keys.get(room.id, str(room.id)): room.unread_count for room in listed}


def token(user: Any, label: str = "") -> str:
    """A new token for a program that acts as this user: `Authorization: Bearer …`. It is shown this once. Part of the caller's
    transaction. Revoke it in the admin pages."""
    return issue_token(_saved(user), label)


def erase(user: Any, messages: Messages = "keep") -> None:
    """Take a user out of the chat for good, when the caller's transaction commits: others see "Deleted user" from then on. `messages`:
    "delete" leaves tombstones of them. Deleting a user of the site does the same with "keep". Call it again after an interruption."""
    transaction.on_commit(partial(erase_account, str(_saved(user).pk), messages))


def _saved(user: Any) -> Any:
    if getattr(user, "pk", None) is None:
        raise CommandError(
            Code.USER_NOT_FOUND, "This user has no primary key: it is not saved, or nobody is signed in."
        )
    return user
