"""A person's active sessions: recorded beside Django's, listed to their owner, ended one by one.

    sign-in, password change ── SignIns (middleware) ──▶ a row per session, under the key the session is stored with
    the session ends in any way ──▶ the row has no meaning any more, and is swept

Whether a session is alive is never read from these rows: only the session itself says so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from backchannel.accounts import credential_uses, lookup
from backchannel.accounts.models import SignIn
from backchannel.accounts.sessions import session_table, stored_key_of

GetResponse = Callable[[HttpRequest], HttpResponseBase]

_NOTED = "sign_in"
"""Session data: the id of the row, and the key it was recorded under."""


class SignIns:
    """Middleware below Django's session and authentication middleware. Makes no query for a session that is recorded already."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._get_response(request)
        if request.session.accessed and request.user.is_authenticated:
            note(request)
        return response


def note(request: HttpRequest) -> None:
    """Record the request's session. A changed password gives the session another key; the row is updated to it."""
    stored = current(request)
    if not stored or stored == request.session.session_key:
        return
    number, key = request.session.get(_NOTED, (None, None))
    if key == stored:
        credential_uses.note_session(stored, timezone.now())
        return
    seen = {"address": request.META.get("REMOTE_ADDR", "")[:64], "agent": _agent(request), "last_used": timezone.now()}
    user: Any = request.user
    rows = SignIn.objects.filter(pk=number, user=user)
    if number is None or not rows.update(session_key=stored, **seen):
        row, _ = SignIn.objects.update_or_create(session_key=stored, defaults={"user": user, **seen})
        number = row.pk
    request.session[_NOTED] = [number, stored]


def current(request: HttpRequest) -> str:
    """The key under which the request's session is stored; empty if there is none."""
    key = request.session.session_key
    return stored_key_of(key) if key else ""


def sign_ins_of(user: Any) -> list[SignIn]:
    """The active ones, the last used first."""
    rows = list(SignIn.objects.filter(user=user).order_by("-last_used", "-pk"))
    alive = lookup.live_session_keys([row.session_key for row in rows])
    return [row for row in rows if row.session_key in alive]


def end_sessions(stored_keys: list[str]) -> None:
    """End the sessions stored under these keys. Their sockets close at once."""
    table = session_table()
    if table is not None:
        # One by one, so that each end is announced.
        for session in table.objects.filter(session_key__in=stored_keys):
            session.delete()
    SignIn.objects.filter(session_key__in=stored_keys).delete()


def _agent(request: HttpRequest) -> str:
    agent = request.headers.get("User-Agent", "")[:300]
    return "".join(each for each in agent if each.isprintable())
