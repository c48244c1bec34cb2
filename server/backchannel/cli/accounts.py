"""The commands `createuser`, `setup-address` and `token`."""

from __future__ import annotations

import argparse
import sys
from datetime import datetime, timedelta
from typing import Any

from backchannel.cli.setup import Stop, open_database, print_database
from backchannel.site.conf import Conf


def createuser(options: argparse.Namespace, conf: Conf) -> int:
    if options.password is not None:
        raise Stop(
            "--password would show the password to every user of this machine; leave it out to be asked for one, "
            "or use --password-stdin"
        )
    if options.bot and options.password_stdin:
        raise Stop("--bot creates an account without a password; leave out --password-stdin")
    open_database(options, otherwise=", or create a new one: backchannel serve, or backchannel createuser --new")
    from backchannel.accounts import setup_secret
    from backchannel.accounts.onboarding import NewAccount, Refused, create_account, is_set_up, set_up
    from backchannel.site.passwords import ask_or_make

    made_up = False
    password = None
    if options.password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
        if not password:
            raise Stop("--password-stdin found no password: the first line of standard input is blank")
    elif not options.bot:
        password, made_up = ask_or_make()
    account = NewAccount(
        username=options.name.lower(),
        display_name=options.display_name,
        password=password,
        # The operator at the server's shell decides whether the password is strong enough.
        weak_password=options.password_stdin,
    )
    first = not is_set_up()
    try:
        user = set_up("Backchannel", account) if first else create_account(account, owner=options.owner)
    except Refused as refusal:
        raise Stop("; ".join(" ".join(lines) for lines in refusal.errors.values())) from None
    setup_secret.discard()
    role = ", an owner of this server" if first or options.owner else ""
    print(f"Created {user.username}{role}." + (f" Password: {password}" if made_up else ""))
    print_database(options, to_stderr=True)
    return 0


def setup_address(options: argparse.Namespace, conf: Conf) -> int:
    open_database(options)
    from backchannel.accounts import setup_secret
    from backchannel.site.setup_address import base_of

    try:
        secret = setup_secret.prepare(conf.data)
        if secret is not None and options.new_secret:
            secret = setup_secret.renew(conf.data)
    except setup_secret.MadeElsewhere as elsewhere:
        if not options.new_secret:
            raise Stop(
                f"the secret was made on {elsewhere}, in its data folder; run this there, or make another with --new-secret"
            ) from None
        secret = setup_secret.renew(conf.data)
    if secret is None:
        raise Stop("this server already has an owner; nothing needs to be set up")
    print(setup_secret.address(setup_secret.noted_base(conf.data) or base_of(conf, conf.host, conf.port), secret))
    print_database(options, to_stderr=True)
    return 0


def token(options: argparse.Namespace, _: Conf | None) -> int:
    open_database(options)
    from backchannel.accounts.lookup import issue_token

    _check_text("NAME", options.name, 200)
    _check_text("--label", options.label, 80)
    user = _active_user(options.name)
    if user is None:
        create = "" if options.choice is None else f"; create one with: backchannel createuser {options.name}"
        raise Stop(f"there is no active account {options.name}{create}")
    print(issue_token(user, options.label, _in_days(options.days)))
    print_database(options, to_stderr=True)
    return 0


def _in_days(days: int | None) -> datetime | None:
    """Raises Stop: the calendar ends before that."""
    from django.utils import timezone

    try:
        return None if days is None else timezone.now() + timedelta(days=days)
    except OverflowError:
        raise Stop(f"--days {days} is too far in the future; leave it out for a token that never ends") from None


def _active_user(login: str) -> Any:
    """The user with this login, as written or in lowercase. None if there is none."""
    from django.contrib.auth import get_user_model

    model = get_user_model()
    for text in dict.fromkeys((login, login.lower())):
        user = model._default_manager.filter(**{model.USERNAME_FIELD: text}).first()
        if user is not None and user.is_active:
            return user
    return None


def _check_text(name: str, text: str, longest: int) -> None:
    """Refuse text that some database cannot store. `longest` in characters. Raises `Stop`."""
    if len(text) > longest:
        raise Stop(f"{name} has {len(text)} characters; use at most {longest}")
    if not text.isprintable():
        raise Stop(f"{name} contains a control character, or bytes that are not UTF-8; leave them out")
