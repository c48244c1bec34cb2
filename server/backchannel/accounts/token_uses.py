"""When tokens were last used: noted in memory where they are shown, written together now and then.

    lookup ── note ──▶ noted ── write, every half minute and at the end ──▶ one statement for all

A write at the handshake would be synced to disk for each of the thousands who come back after a restart, and keep the writer of
messages waiting meanwhile. It is for finding forgotten tokens: it may be half a minute late, and a process that is killed takes
that much with it.
"""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Final

from backchannel.accounts.models import Token

_IN_ONE_STATEMENT: Final = 500

_lock = threading.Lock()
_noted: dict[int, datetime] = {}


def note(token_id: int, at: datetime) -> None:
    """Costs a handshake nothing. Callable from any thread."""
    with _lock:
        _noted[token_id] = at


def write() -> None:
    """Write what was noted. Where that fails it is kept for the next time, and the database's error raised.

    All of one write get the time of the last of them: they are less than a round apart."""
    with _lock:
        taken = dict(_noted)
        _noted.clear()
    ids = list(taken)
    try:
        for at in range(0, len(ids), _IN_ONE_STATEMENT):
            Token.objects.filter(pk__in=ids[at : at + _IN_ONE_STATEMENT]).update(last_used=max(taken.values()))
    except Exception:
        with _lock:
            for token_id, used in taken.items():
                _noted.setdefault(token_id, used)
        raise
