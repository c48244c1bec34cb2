"""Limits on attempts to sign in, by what is known about the client. docs/reference/accounts.md has these rules in a table.

Guessing a password takes many attempts at one account, from one network or from thousands. The rules slow down both without letting
an attacker lock the owner out: a browser in which the account has signed in before (known_browsers.py) is counted on its own.

    known browser of the account:  sign_in.device
    anyone else:                   sign_in.network · sign_in.account_network · sign_in.account     all three must have one left

A successful sign-in gives back the attempts counted for its account, but not those of its network: otherwise a person with an account
could guess others' passwords in between. Names without an account are counted like those with one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest

from backchannel.accounts import auth_log, known_browsers
from backchannel.accounts.addresses import UNKNOWN, network_of
from backchannel.accounts.attempts import Attempts, Count, MemoryAttempts, Rule, shared_attempts
from backchannel.accounts.secrets import digest
from backchannel.protocol.errors import Code, CommandError

SIGN_IN_NETWORK: Final = Rule("sign_in.network", burst=60, every_s=2)
SIGN_IN_ACCOUNT_NETWORK: Final = Rule("sign_in.account_network", burst=5, every_s=60)
SIGN_IN_ACCOUNT: Final = Rule("sign_in.account", burst=50, every_s=120)
SIGN_IN_DEVICE: Final = Rule("sign_in.device", burst=10, every_s=60)
PASSWORD_AGAIN: Final = Rule("password_again.sign_in", burst=10, every_s=60)
RESET_NETWORK: Final = Rule("password_reset.network", burst=10, every_s=30)
RESET_ADDRESS: Final = Rule("password_reset.address", burst=3, every_s=600)
RESET_KEY: Final = Rule("password_reset_key.network", burst=20, every_s=10)
SIGN_UP: Final = Rule("sign_up.network", burst=30, every_s=5)
INVITATION_SHOWN: Final = Rule("invitation.network", burst=60, every_s=2)
SETUP: Final = Rule("setup.network", burst=10, every_s=10)
ACCOUNT_CHANGED: Final = Rule("account_change.account", burst=20, every_s=30)
ADDRESS_MAIL: Final = Rule("address_mail.address", burst=2, every_s=180)
OTHER: Final = Rule("other.network", burst=60, every_s=2)

RULES: Final = (
    SIGN_IN_NETWORK, SIGN_IN_ACCOUNT_NETWORK, SIGN_IN_ACCOUNT, SIGN_IN_DEVICE, PASSWORD_AGAIN, RESET_NETWORK, RESET_ADDRESS,
    RESET_KEY, SIGN_UP, INVITATION_SHOWN, SETUP, ACCOUNT_CHANGED, ADDRESS_MAIL, OTHER,
)  # fmt: skip


@cache
def attempts() -> Attempts:
    """Where attempts are counted: in Redis if the site has one, else in this process."""
    urls = getattr(settings, "BACKCHANNEL", {}).get("REDIS_URLS", ())
    return shared_attempts(urls[0]) if urls else MemoryAttempts()


def check_sign_in(request: HttpRequest, username: str) -> Sequence[Count]:
    """Call before the password is checked. Returns what to hand to `was_right`. Raises `CommandError` 429."""
    name = _name_of(username)
    if _is_own(request, name):
        counts = [Count(PASSWORD_AGAIN, digest(request.session.session_key or ""))]
        _take(counts, "sign_in_limited", name)
        return counts
    device = known_browsers.known(request, name)
    if device is not None:
        counts = [Count(SIGN_IN_DEVICE, digest(f"{device} {name}"))]
        _take(counts, "sign_in_limited", name)
        return counts
    network = _network(request)
    of_account = [Count(SIGN_IN_ACCOUNT_NETWORK, digest(f"{network} {name}")), Count(SIGN_IN_ACCOUNT, digest(name))]
    _take([Count(SIGN_IN_NETWORK, network), *of_account], "sign_in_limited", name)
    return of_account


def was_right(counts: Sequence[Count]) -> None:
    """The password was right: give back what was counted for the account."""
    attempts().give_back(counts)


def forget_account(username: str) -> None:
    """Reset the counts of an account whose ownership was proved otherwise, by a link in a mail."""
    attempts().forget([Count(SIGN_IN_ACCOUNT, digest(_name_of(username)))])


def check_network(request: HttpRequest, rule: Rule) -> None:
    """Raises `CommandError` 429."""
    _take([Count(rule, _network(request))])


def check_key(rule: Rule, key: str) -> None:
    """Raises `CommandError` 429."""
    _take([Count(rule, digest(key))])


def check_own(request: HttpRequest, rule: Rule) -> None:
    """Count an attempt by account if a user is signed in, else by network. Raises `CommandError` 429."""
    if request.user.is_authenticated:
        _take([Count(rule, f"account {request.user.pk}")])
    else:
        check_network(request, rule)


def check_password_again(request: HttpRequest) -> None:
    """A signed-in user confirms their password. Raises `CommandError` 429.

    Counted per session: an attacker in one session cannot keep the owner, in another, from changing the password.
    """
    _take([Count(PASSWORD_AGAIN, digest(request.session.session_key or ""))])


def _take(counts: Sequence[Count], event: auth_log.Event = "request_limited", user: str | None = None) -> None:
    refusal = attempts().take(counts)
    if refusal is None:
        return
    auth_log.note(event, user=user, rule=refusal.rule.name)
    seconds = max(1, math.ceil(refusal.wait_s))
    raise CommandError(Code.RATE_LIMITED, f"Too many attempts. Retry in {_in_words(seconds)}.", retry_after=seconds)


def _in_words(seconds: int) -> str:
    return f"{seconds} s" if seconds < 100 else f"{-(-seconds // 60)} minutes"


def _network(request: HttpRequest) -> str:
    return network_of(request.META.get("REMOTE_ADDR") or UNKNOWN)


def _name_of(username: Any) -> str:
    return str(username).strip().lower()


def _is_own(request: HttpRequest, name: str) -> bool:
    user = getattr(request, "user", None)
    return user is not None and user.is_authenticated and _name_of(user.get_username()) == name
