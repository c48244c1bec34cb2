"""Identities by the hash of the secret that was shown, so that a client's every call does not ask the database.

An entry is dropped when its time is over, when its session expires, or when its credential ends. Revocations in other processes that
the bus loses take effect when the time is over.
"""

from __future__ import annotations

import threading
import time
from typing import Final

from backchannel.accounts.identity import Ended, Identity

REMEMBER_S: Final = 30.0
REMEMBER_AT_MOST: Final = 10_000
"""Beyond this the oldest entry is dropped: it costs a query, never an answer."""


class IdentityCache:
    """Every method may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: dict[str, tuple[Identity, float]] = {}
        """Each with the monotonic time until which it counts."""
        self.generation = 0
        """Counts the credentials that have ended."""

    def get(self, key: str) -> Identity | None:
        entry = self._found.get(key)
        if entry is None or time.monotonic() >= entry[1]:
            return None
        identity = entry[0]
        if identity.expires_at is not None and identity.expires_at <= time.time() * 1_000_000:
            return None
        return identity

    def put(self, key: str, identity: Identity, generation: int) -> None:
        """Remember `identity`, as read after `generation`: not if a credential has ended since, which may be this one."""
        with self._lock:
            if generation != self.generation:
                return
            self._found.pop(key, None)
            while len(self._found) >= REMEMBER_AT_MOST:
                del self._found[next(iter(self._found))]
            self._found[key] = (identity, time.monotonic() + REMEMBER_S)

    def forget(self, ended: Ended) -> None:
        """Drop the entries of a credential, or of all of a user's."""
        with self._lock:
            self.generation += 1
            for key, (identity, _) in list(self._found.items()):
                if ended.credential == identity.credential or ended.user_id == identity.user_id:
                    del self._found[key]

    def clear(self) -> None:
        """Drop all entries."""
        with self._lock:
            self._found.clear()
