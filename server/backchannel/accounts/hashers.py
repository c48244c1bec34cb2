"""Argon2id with a bounded appetite."""

from __future__ import annotations

import threading
from typing import Any

from django.contrib.auth.hashers import Argon2PasswordHasher

from backchannel.accounts.passwords import prepared

# Django's default takes 100 MiB a hash; a burst of sign-ins would then take the machine's memory.
# Two at a time, 64 MiB each, is what RFC 9106 recommends where memory is short.
_AT_ONCE = threading.BoundedSemaphore(2)


class Argon2(Argon2PasswordHasher):
    time_cost = 3
    memory_cost = 64 * 1024
    parallelism = 1

    def encode(self, password: str, salt: Any) -> str:
        with _AT_ONCE:
            return super().encode(prepared(password), salt)

    def verify(self, password: str, encoded: str) -> bool:
        """A hash that was made before passwords were prepared is of the text as it was typed then."""
        with _AT_ONCE:
            ours = prepared(password)
            return super().verify(ours, encoded) or (ours != password and super().verify(password, encoded))
