"""Records when tokens and sessions were last used: collected in memory, written together at intervals.

    lookup ── note ──▶ memory ── write, every half minute and at the end ──▶ one statement per 500

A write at each handshake would be synced to disk for each of the thousands that reconnect after a restart, and delay the writer of
messages. The times are for finding forgotten credentials: they may be half a minute late, and a killed process loses the last
half minute.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any, Final

from backchannel.accounts.models import SignIn, Token

# Recording "last used" to the second would write a row for every call.
STEP: Final = timedelta(minutes=5)
_IN_ONE_STATEMENT: Final = 500
_SESSIONS_REMEMBERED: Final = 20_000

_lock = threading.Lock()
_noted: dict[int, datetime] = {}
_noted_sessions: dict[str, datetime] = {}
# The handshake does not read a session's row, so the last recorded use is kept here.
_last_noted: dict[str, datetime] = {}


def note(token_id: int, at: datetime) -> None:
    """Record a use in memory, without a query. Thread-safe."""
    with _lock:
        _noted[token_id] = at


def note_session(stored_key: str, at: datetime) -> None:
    """The same for a session, by the key it is stored under: at most once per `STEP`."""
    with _lock:
        last = _last_noted.get(stored_key)
        if last is not None and at - last < STEP:
            return
        if len(_last_noted) >= _SESSIONS_REMEMBERED:
            _last_noted.clear()
        _last_noted[stored_key] = _noted_sessions[stored_key] = at


def write() -> None:
    """Write what was recorded. On failure it is kept for the next time, and the database's error is raised.

    All get the time of the last of them: they are less than one interval apart."""
    _write(_noted, Token, "pk")
    _write(_noted_sessions, SignIn, "session_key")


def forget() -> None:
    """For tests: drop everything recorded."""
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
