"""Which session cookie counts if a browser sends several of that name: one rule for Django's pages and for /api.

A browser keeps cookies of the same name side by side if their path or domain differs: an older version of a site left one, or a
neighbouring host set one. Django uses the last of them; other code might use the first. A stale one that cannot be deleted from here
would lock the user out for good. So the first whose session is alive counts, else the first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.signals import user_logged_out
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from backchannel.accounts import lookup
from backchannel.accounts.sessions import session_store, stored_key_of

AT_MOST: Final = 16
"""More than browsers send by accident. All are looked up in one query."""

# No engine makes other keys; anything with a NUL or a quote need not be looked up.
_KEY: Final = re.compile(r"[A-Za-z0-9_.:-]{8,128}")

GetResponse = Callable[[HttpRequest], HttpResponseBase]


def session_keys(header: bytes | str) -> tuple[str, ...]:
    """The values of the session cookies in a Cookie header that could be keys: in order, without duplicates."""
    name = settings.SESSION_COOKIE_NAME
    text = header.decode("latin-1") if isinstance(header, bytes) else header
    if name not in text:
        return ()
    found: dict[str, None] = {}
    for part in text.split(";"):
        key, _, value = part.strip().partition("=")
        value = value.strip().strip('"')
        if key.strip() == name and _KEY.fullmatch(value):
            found[value] = None
    return tuple(found)[:AT_MOST]


def first_live(keys: Sequence[str]) -> str:
    """The first key whose session is signed in, else the first of all. Queries the database; call it in a thread."""
    stored = {key: stored_key_of(key) for key in keys}
    alive = lookup.live_session_keys(list(stored.values()))
    return next((key for key in keys if stored[key] in alive), keys[0])


class OneSessionCookie:
    """Middleware above Django's session middleware: shows it the cookie that counts. Signing out ends all sessions that were sent.

    Only signing out removes the cookie from the browser. Django also removes it whenever a key has ended; when one tab has just changed
    the password, such an answer to another tab would arrive after the new cookie and remove that one.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        name = settings.SESSION_COOKIE_NAME
        if name in request.COOKIES:
            keys = session_keys(request.META.get("HTTP_COOKIE", ""))
            if not keys:
                del request.COOKIES[name]
            else:
                request.COOKIES[name] = keys[0] if len(keys) == 1 else first_live(keys)
                request.session_keys_sent = keys  # type: ignore[attr-defined]
        response = self._get_response(request)
        is_removed = name in response.cookies and response.cookies[name]["max-age"] == 0
        if is_removed and not getattr(request, "has_signed_out", False):
            del response.cookies[name]
        return response


def end_all_sent(request: Any, **_: Any) -> None:
    """On sign-out: end the browser's other sessions too, or one of them would remain signed in."""
    request.has_signed_out = True
    for key in getattr(request, "session_keys_sent", ()):
        if key != request.session.session_key:
            session_store()(key).delete()


user_logged_out.connect(end_all_sent, dispatch_uid="backchannel.session_cookie")
