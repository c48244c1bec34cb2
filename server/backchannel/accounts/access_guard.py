"""Middleware around everything that signs people in or changes how they do: rate limits, the client named in the log, known browsers.

One table, by the name of the view, holds the limits that apply before a view runs. Limits per account apply where the account's name
is known (adapter.py). A view of allauth's that is not in the table is limited by network.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase

from backchannel.accounts import auth_log, invitations, known_browsers, limits, onboarding, strict_json
from backchannel.accounts.problems import problem
from backchannel.protocol.errors import CommandError

_ALLAUTH: Final = "headless:browser:"
_RESET_KEY: Final = re.compile(r"[0-9A-Za-z]{1,13}-.+", re.DOTALL)
_ONLY_READ: Final = frozenset({"GET", "HEAD", "OPTIONS"})

GetResponse = Callable[[HttpRequest], HttpResponseBase]
Check = Callable[[HttpRequest], HttpResponseBase | None]
"""Returns the answer if the request goes no further, else None. Raises `CommandError`."""


class AccessGuard:
    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response
        user_logged_in.connect(_note_device, dispatch_uid="backchannel.access_guard")

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with auth_log.coming_from(request.META.get("REMOTE_ADDR") or "unknown", lambda: _signed_in(request)):
            response = self._get_response(request)
        came = getattr(request, "backchannel_came", None)
        if came is not None:
            known_browsers.remember(request, response, came)
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponseBase | None:
        name = request.resolver_match.view_name if request.resolver_match else ""
        if not name.startswith(_ALLAUTH):
            return None
        try:
            return _CHECKS.get(name.removeprefix(_ALLAUTH), _other)(request)
        except CommandError as refusal:
            return problem(refusal)


def _sign_up(request: HttpRequest) -> HttpResponseBase | None:
    """Checks first whether this person may sign up at all: only then does the form reveal which names are taken."""
    limits.check_network(request, limits.SIGN_UP)
    if request.method in _ONLY_READ or request.user.is_authenticated:
        return None
    if settings.BACKCHANNEL_SIGNUP == "closed" or not onboarding.is_set_up():
        return JsonResponse({"status": 403}, status=403)
    if settings.BACKCHANNEL_SIGNUP != "invitation":
        return None
    secret = _member(request, "invitation")
    if secret and invitations.open_until(secret) is not None:
        return None
    auth_log.note("invitation_refused")
    error = {"message": invitations.why_refused(secret), "code": "invitation", "param": "invitation"}
    return JsonResponse({"status": 400, "errors": [error]}, status=400)


def _password_reset(request: HttpRequest) -> None:
    """Same answer and same limits whether or not an account has the address."""
    limits.check_network(request, limits.RESET_NETWORK)
    address = _member(request, "email").strip().lower()
    if address:
        limits.check_key(limits.RESET_ADDRESS, address)
    auth_log.note("password_reset_requested")


def _password_reset_key(request: HttpRequest) -> HttpResponseBase | None:
    limits.check_network(request, limits.RESET_KEY)
    is_read = request.method in _ONLY_READ
    key = (request.META.get("HTTP_X_PASSWORD_RESET_KEY", "") if is_read else _member(request, "key")).strip()
    if not key or _RESET_KEY.fullmatch(key):
        return None
    # allauth takes a key that is not of its form ("-x") for a number, and breaks. This is its answer to any other wrong key.
    error = {"message": "The password reset token was invalid.", "code": "invalid_password_reset", "param": "key"}
    return JsonResponse({"status": 400, "errors": [error]}, status=400)


def _password_change(request: HttpRequest) -> None:
    if request.user.is_authenticated:
        limits.check_password_again(request)
    else:
        limits.check_network(request, limits.OTHER)


def _addresses(request: HttpRequest) -> None:
    if request.method in _ONLY_READ:
        return
    limits.check_own(request, limits.ACCOUNT_CHANGED)
    if request.method in {"POST", "PUT"}:
        limits.check_key(limits.ADDRESS_MAIL, _member(request, "email").strip().lower())


def _other(request: HttpRequest) -> None:
    if request.method not in _ONLY_READ or "HTTP_X_EMAIL_VERIFICATION_KEY" in request.META:
        limits.check_network(request, limits.OTHER)


def _not_here(_: HttpRequest) -> None:
    """No limit here: adapter.py limits it where the name is known. Signing out is not limited."""


_CHECKS: Final[dict[str, Check]] = {
    "account:login": _not_here,
    "account:reauthenticate": _not_here,
    "account:current_session": _not_here,
    "account:signup": _sign_up,
    "account:request_password_reset": _password_reset,
    "account:reset_password": _password_reset_key,
    "account:change_password": _password_change,
    "account:manage_email": _addresses,
}


def _member(request: HttpRequest, name: str) -> str:
    if not request.body:
        return ""
    value = strict_json.parse(request.body).get(name)
    return value if isinstance(value, str) else ""


def _signed_in(request: HttpRequest) -> str | None:
    user = getattr(request, "user", None)
    return user.get_username() if user is not None and user.is_authenticated else None


def _note_device(request: Any = None, user: Any = None, **_: Any) -> None:
    if request is not None:
        request.backchannel_came = user.get_username()
