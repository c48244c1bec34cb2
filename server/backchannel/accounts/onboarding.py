"""Creates accounts: the account, its chat person, and its membership of the rooms that everyone starts in.

The first account owns the server. Setup page, sign-up, command line and demonstration all use this module. Whether a visitor of the
setup page may create the owner is checked before (setup_secret.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model, password_validation
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from backchannel.accounts import audit, display_names, passwords, usernames
from backchannel.accounts.models import Setup, SetupSecret
from backchannel.accounts.people import person_of
from backchannel.accounts.running_chats import write
from backchannel.accounts.strict_json import fault_of
from backchannel.commands.create_room import CreateRoom
from backchannel.commands.join_room import JoinRoom
from backchannel.protocol.errors import CommandError
from backchannel.protocol.shapes import User as Person
from backchannel.store import workspace
from backchannel.text_rules import clean_name

FIRST_CHANNEL = "general"
NAME_LENGTH = display_names.LENGTH


class AlreadySetUp(Exception):
    """The server already has an owner."""


class Refused(Exception):
    """The input cannot be used. `errors`: sentences by field."""

    def __init__(self, **errors: list[str]) -> None:
        super().__init__(" ".join(f"{field}: {' '.join(lines)}" for field, lines in errors.items()))
        self.errors = errors


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """An account to be created."""

    username: str
    display_name: str = ""
    password: str | None = None
    """None: the account cannot sign in with a password."""
    weak_password: bool = False
    """Skip the strength check: for the demonstration, and for the operator at the server's shell."""


def is_set_up() -> bool:
    return Setup.objects.exists() or get_user_model()._default_manager.exists()


def set_up(workspace_name: str, owner: NewAccount, *, is_admin: bool = True) -> Any:
    """Create the first account, which owns the server, and the channel that everyone joins. Returns the new user.

    `is_admin` False: the owner may invite people but has no rights in the admin pages. Of concurrent callers one succeeds.
    Raises `AlreadySetUp`, `Refused`, `CommandError`.
    """
    name = clean_name(workspace_name)
    problems = _problems(owner)
    if not name or len(name) > NAME_LENGTH or fault_of(name):
        problems["workspace"] = [f"Use 1 to {NAME_LENGTH} characters."]
    if problems:
        raise Refused(**problems)
    try:
        with transaction.atomic():
            if get_user_model()._default_manager.exists():
                raise AlreadySetUp
            # The row's fixed key lets one transaction succeed, whatever the others have read.
            setup = Setup.objects.create()
            user = _save(owner, staff=True, superuser=is_admin)
            setup.owner = user
            setup.save(update_fields=["owner"])
            SetupSecret.objects.all().delete()
            audit.record("owner_made", user.username)
            workspace.rename(name)
    except IntegrityError:
        raise AlreadySetUp from None
    person = person_of(user)
    created = write(CreateRoom(actor=person, kind="channel", name=FIRST_CHANNEL, topic="For everybody", members=[]))
    Setup.objects.update(first_rooms=[created.room.id])
    return user


def create_account(account: NewAccount, *, owner: bool = False, at_us: int | None = None) -> Any:
    """Create another account with its person, in the rooms that everyone starts in. Returns the new user. Raises `Refused`.

    `at_us`: when they joined, if it is not now.
    """
    problems = _problems(account)
    if problems:
        raise Refused(**problems)
    try:
        with transaction.atomic():
            user = _save(account, staff=owner, superuser=owner)
            audit.record("account_made", user.username, rights="owner" if owner else "none")
    except IntegrityError:
        raise Refused(username=["This username is taken."]) from None
    ensure_person(user, at_us)
    return user


def ensure_person(user: Any, at_us: int | None = None) -> Person:
    """Create the chat person of a new account, and join it to the rooms that everyone starts in."""
    person = person_of(user)
    setup = Setup.objects.first()
    for room_id in setup.first_rooms if setup else []:
        try:
            write(JoinRoom(actor=person, room_id=room_id), at_us)
        except CommandError:
            # The room is gone or no longer open to all. The account is created nevertheless.
            continue
    return person


def _problems(account: NewAccount) -> dict[str, list[str]]:
    problems: dict[str, list[str]] = {}
    refusal = usernames.why_not(account.username)
    if refusal is not None:
        problems["username"] = [refusal]
    elif get_user_model()._default_manager.filter(username=account.username).exists():
        problems["username"] = ["This username is taken."]
    refusal = display_names.why_not(account.display_name)
    if refusal is not None:
        problems["display_name"] = [refusal]
    unusable = None if account.password is None else passwords.why_not(account.password)
    if unusable is not None:
        problems["password"] = [unusable]
    elif account.password is not None and not account.weak_password:
        user = get_user_model()(username=account.username, display_name=account.display_name)
        try:
            password_validation.validate_password(account.password, user)
        except ValidationError as refusals:
            problems["password"] = list(refusals.messages)
    return problems


def _save(account: NewAccount, *, staff: bool, superuser: bool) -> Any:
    user = get_user_model()(
        username=account.username,
        display_name=clean_name(account.display_name),
        is_staff=staff,
        is_superuser=superuser,
    )
    if account.password is None:
        user.set_unusable_password()
    else:
        user.set_password(account.password)
    user.save()
    return user
