"""The site's users as people of the chat."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from django.db import transaction
from django.utils.timezone import is_naive

from backchannel.accounts import sign_ins, substitutes, tokens
from backchannel.accounts.erasing import Messages, erase_account
from backchannel.accounts.lookup import issue_token
from backchannel.accounts.moments import stored
from backchannel.accounts.people import person_of
from backchannel.protocol.errors import Code, CommandError, invalid
from backchannel.protocol.shapes import User as Person
from backchannel.rules import check_text
from backchannel.store import intents, rooms

LABEL_LENGTH: Final = 80


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


def token(user: Any, label: str = "", expires: datetime | timedelta | None = None) -> str:
    """A new token for a program that acts as this user: `Authorization: Bearer …`. It is shown this once. Part of the caller's
    transaction. `label`: what uses it. `expires`: when it ends by itself, or after how long; its connections are closed within 30 s. None:
    when it is revoked."""
    if len(label) > LABEL_LENGTH:
        raise invalid(label=f"Too long: {len(label)} characters; at most {LABEL_LENGTH}.")
    check_text(label=label)
    return issue_token(_saved(user), label, _moment(expires))


def revoke_tokens(user: Any, label: str | None = None) -> int:
    """Revoke the tokens of this user that have this label; None: all. Programs that use them are disconnected when the caller's transaction
    commits, on all nodes. Returns how many there were."""
    return tokens.revoke_tokens(_saved(user), name=label)


def end_sessions(user: Any) -> None:
    """End the chat sessions and tickets of this user when the caller's transaction commits, and have all nodes check at once by what else
    the user is connected, instead of within 30 s. Call it after something that the chat cannot see: a blacklisted token, a right that
    `Policy.may_connect` asks about, a user changed by `QuerySet.update`. Who has another credential that is good comes back by it."""
    sign_ins.end_sessions([row.session_key for row in sign_ins.sign_ins_of(_saved(user))])
    substitutes.end_all_of(user)


def erase(user: Any, messages: Messages = "keep") -> None:
    """Take a user out of the chat for good, when the caller's transaction commits: others see "Deleted user" from then on. `messages`:
    "delete" leaves tombstones of them. Deleting a user of the site does the same with "keep". Call it again after an interruption."""
    transaction.on_commit(partial(erase_account, str(_saved(user).pk), messages))


def _moment(expires: datetime | timedelta | None) -> datetime | None:
    """The moment as this site's Django stores it."""
    if expires is None:
        return None
    now = datetime.now(UTC)
    moment = now + expires if isinstance(expires, timedelta) else expires
    if is_naive(moment):
        raise invalid(expires="Has no time zone. Give a datetime with one, or a timedelta.")
    if moment <= now:
        raise invalid(expires="Is in the past.")
    return stored(moment)


def _saved(user: Any) -> Any:
    if getattr(user, "pk", None) is None:
        raise CommandError(
            Code.USER_NOT_FOUND, "This user has no primary key: it is not saved, or nobody is signed in."
        )
    return user
