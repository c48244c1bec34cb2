"""When tokens and sessions were last used: noted in memory where they are shown, written together now and then.

    lookup ── note ──▶ noted ── write, every half minute and at the end ──▶ one statement for each 500

A write at the handshake would be synced to disk for each of the thousands who come back after a restart, and keep the writer of
messages waiting meanwhile. It is for finding forgotten ones: it may be half a minute late, and a process that is killed takes
that much with it.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any, Final

from backchannel.accounts.models import SignIn, Token

# "Last used" to the minute would be a row written for every call.
STEP: Final = timedelta(minutes=5)
_IN_ONE_STATEMENT: Final = 500
_SESSIONS_REMEMBERED: Final = 20_000

_lock = threading.Lock()
_noted: dict[int, datetime] = {}
_noted_sessions: dict[str, datetime] = {}
# A session's row is not read at the handshake, so that its last note is remembered here.
_last_noted: dict[str, datetime] = {}


def note(token_id: int, at: datetime) -> None:
    """Costs a handshake nothing. Callable from any thread."""
    with _lock:
        _noted[token_id] = at


def note_session(stored_key: str, at: datetime) -> None:
    """The same for a session, under the key it is stored with: at most once in `STEP`."""
    with _lock:
        last = _last_noted.get(stored_key)
        if last is not None and at - last < STEP:
            return
        if len(_last_noted) >= _SESSIONS_REMEMBERED:
            _last_noted.clear()
        _last_noted[stored_key] = _noted_sessions[stored_key] = at


def write() -> None:
    """Write what was noted. Where that fails it is kept for the next time, and the database's error raised.

    All of one write get the time of the last of them: they are less than a round apart."""
    _write(_noted, Token, "pk")
    _write(_noted_sessions, SignIn, "session_key")


def forget() -> None:
    """For tests: nothing was noted."""
    with _lock:
        for each in (_noted, _noted_sessions, _last_noted):
            each.clear()


def _write(noted: dict[Any, datetime], model: Any, column: str) -> None:
    with _lock:
        taken = dict(noted)
        noted.clear()
    keys = list(taken)
    try:
        for at in range(0, len(keys), _IN_ONE_STATEMENT):
            those = {f"{column}__in": keys[at : at + _IN_ONE_STATEMENT]}
            model.objects.filter(**those).update(last_used=max(taken.values()))
    except Exception:
        with _lock:
            for key, used in taken.items():
                noted.setdefault(key, used)
        raise
