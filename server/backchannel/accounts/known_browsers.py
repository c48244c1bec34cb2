"""Recognises browsers in which a person has signed in before, so that their attempts are counted apart from those of strangers.

The cookie holds a random name for the browser and, for each of the accounts that last signed in there, a mark that only this server can
make. It grants nothing else. It is signed with SECRET_KEY, lasts a year, and is renewed at each sign-in.
"""

from __future__ import annotations

import hmac
import secrets
from typing import Any, Final

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.crypto import salted_hmac

LIFE_S: Final = 365 * 24 * 60 * 60
ACCOUNTS: Final = 5
"""Accounts per browser. The next one replaces the account that signed in longest ago."""
_SALT: Final = "backchannel.device"


def cookie_name() -> str:
    return "__Host-backchannel-device" if settings.SESSION_COOKIE_SECURE else "backchannel-device"


def known(request: HttpRequest, username: str) -> str | None:
    """The browser's name, if `username` has signed in there before; else None."""
    device, marks = _read(request)
    # Marks made by a former secret key count until the next sign-in.
    valid = [_mark(username, key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
    return device if any(hmac.compare_digest(each, mark) for each in marks for mark in valid) else None


def remember(request: HttpRequest, response: HttpResponseBase, username: str) -> None:
    """Mark this browser as known for `username`, who has just signed in."""
    device, marks = _read(request)
    mark = _mark(username)
    marks = [mark, *(each for each in marks if each != mark)][:ACCOUNTS]
    response.set_cookie(
        cookie_name(),
        signing.dumps([device or secrets.token_urlsafe(16), *marks], salt=_SALT),
        max_age=LIFE_S,
        secure=bool(settings.SESSION_COOKIE_SECURE),
        httponly=True,
        samesite="Lax",
    )


def _read(request: HttpRequest) -> tuple[str | None, list[str]]:
    try:
        kept: Any = signing.loads(request.COOKIES.get(cookie_name(), ""), salt=_SALT, max_age=LIFE_S)
    except signing.BadSignature:
        return None, []
    device, *marks = kept
    return device, marks


def _mark(username: str, key: str | None = None) -> str:
    return salted_hmac(_SALT, username.strip().lower(), secret=key).hexdigest()[:24]
