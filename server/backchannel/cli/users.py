"""The command `user`: list, promote, deactivate, reactivate, password, erase. `createuser` adds one.

Changes reach running servers by the notices that every write of the command line leaves in the database: sockets of a deactivated account are
closed within a second. All of them are in the audit log.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from backchannel.cli.setup import Stop, open_database, print_database
from backchannel.site.conf import Conf


def user(options: argparse.Namespace, _: Conf) -> int:
    open_database(options)
    _ACTIONS[options.what](options)
    print_database(options, to_stderr=True)
    return 0


def _list(options: argparse.Namespace) -> None:
    from django.contrib.auth import get_user_model

    rows = [_row(each) for each in get_user_model()._default_manager.order_by("username").iterator()]
    if options.json:
        print(json.dumps(rows, indent=1))
        return
    for row in rows:
        print(f"{row['username']:32} {row['rights']:6} {row['state']:9} last sign-in {row['last_sign_in'] or 'never'}")


def _row(user: Any) -> dict[str, Any]:
    return {
        "username": user.get_username(),
        "display_name": user.display_name,
        "rights": "owner" if user.is_superuser else "staff" if user.is_staff else "none",
        "state": "active" if user.is_active else "inactive",
        "last_sign_in": user.last_login.isoformat(timespec="seconds") if user.last_login else None,
        "joined": user.date_joined.isoformat(timespec="seconds"),
    }


def _promote(options: argparse.Namespace) -> None:
    user = found(options.name)
    _keep_an_owner(user, options.to)
    user.is_superuser, user.is_staff = options.to == "owner", options.to in {"owner", "staff"}
    user.save(update_fields=["is_superuser", "is_staff"])
    print(f"{user.get_username()} has the rights: {options.to}.")


def _deactivate(options: argparse.Namespace) -> None:
    user = found(options.name)
    _keep_an_owner(user, "none")
    _set_active(user, active=False)
    print(f"Deactivated {user.get_username()}: signed out everywhere, and not found by others.")


def _reactivate(options: argparse.Namespace) -> None:
    user = found(options.name)
    _set_active(user, active=True)
    print(f"Reactivated {user.get_username()}.")


def _set_active(user: Any, *, active: bool) -> None:
    user.is_active = active
    user.save(update_fields=["is_active"])


def _password(options: argparse.Namespace) -> None:
    from backchannel.accounts import passwords, tokens
    from backchannel.site.passwords import ask_or_make

    user, made_up = found(options.name), False
    if options.password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        asked, made_up = ask_or_make()
        password = asked or ""
    refusal = passwords.why_not(password) if password else "it is blank"
    if refusal:
        raise Stop(f"this password cannot be used: {refusal}")
    user.set_password(password)
    user.save(update_fields=["password"])
    left = len(tokens.tokens_of(user))
    more = (
        f" {left} tokens remain valid; backchannel tokens revoke --of {user.get_username()} ends them." if left else ""
    )
    print(
        f"Changed the password of {user.get_username()}, who is signed out everywhere.{more}"
        + (f" Password: {password}" if made_up else "")
    )


def _erase(options: argparse.Namespace) -> None:
    from backchannel.accounts.erasing import erase_account

    user = found(options.name)
    _keep_an_owner(user, "none")
    if options.yes != user.get_username():
        raise Stop(f"erasing cannot be undone; repeat the name to confirm: --yes {user.get_username()}")
    name, account = user.get_username(), str(user.pk)
    erase_account(account, options.messages)
    user.delete()
    print(
        f"Erased {name}; others see “Deleted user”. Their messages: {'deleted' if options.messages == 'delete' else 'kept'}."
    )


def found(name: str) -> Any:
    """The account, active or not. Raises `Stop`."""
    from django.contrib.auth import get_user_model

    model = get_user_model()
    for text in dict.fromkeys((name, name.lower())):
        user = model._default_manager.filter(**{model.USERNAME_FIELD: text}).first() if text.isprintable() else None
        if user is not None:
            return user
    raise Stop(f"there is no account {name!a}; backchannel user list shows all")


def _keep_an_owner(user: Any, rights: str) -> None:
    from django.contrib.auth import get_user_model

    owners = get_user_model()._default_manager.filter(is_superuser=True, is_active=True)
    if rights != "owner" and user.is_superuser and not owners.exclude(pk=user.pk).exists():
        raise Stop(
            f"{user.get_username()} is the only owner; make somebody else one first: backchannel user promote NAME"
        )


_ACTIONS = {
    "list": _list,
    "promote": _promote,
    "deactivate": _deactivate,
    "reactivate": _reactivate,
    "password": _password,
    "erase": _erase,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    kinds = parser.add_subparsers(metavar="WHAT", required=True, dest="what")
    listing = kinds.add_parser("list", help="show all accounts")
    listing.add_argument("--json", action="store_true", help="print a JSON list")
    promote = _named(kinds, "promote", "grant or revoke an account's rights")
    promote.add_argument("--to", choices=("owner", "staff", "none"), default="owner", help="which rights (owner)")
    _named(kinds, "deactivate", "sign an account out everywhere and block its sign-in")
    _named(kinds, "reactivate", "let a deactivated account sign in again")
    password = _named(kinds, "password", "set a new password: asked for, or generated if there is no terminal")
    password.add_argument("--password-stdin", action="store_true", help="read it from the first line of standard input")
    erase = _named(kinds, "erase", "permanently remove a person from the chat and delete the account")
    erase.add_argument(
        "--messages", choices=("keep", "delete"), default="keep", help="what happens to their messages (keep)"
    )
    erase.add_argument("--yes", metavar="NAME", help="the name again, to confirm")


def _named(kinds: Any, what: str, help: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = kinds.add_parser(what, help=help)
    parser.add_argument("name", metavar="NAME")
    return parser
