"""Argon2id with bounded use of memory."""

from __future__ import annotations

import threading
from typing import Any

from django.contrib.auth.hashers import Argon2PasswordHasher

from backchannel.accounts.passwords import prepared

# Django's default takes 100 MiB per hash: a burst of sign-ins could exhaust the machine's memory.
# 64 MiB and two at a time is what RFC 9106 recommends where memory is limited.
_AT_ONCE = threading.BoundedSemaphore(2)


class Argon2(Argon2PasswordHasher):
    time_cost = 3
    memory_cost = 64 * 1024
    parallelism = 1

    def encode(self, password: str, salt: Any) -> str:
        with _AT_ONCE:
            return super().encode(prepared(password), salt)

    def verify(self, password: str, encoded: str) -> bool:
        """Hashes made before passwords were normalised are of the text exactly as typed."""
        with _AT_ONCE:
            ours = prepared(password)
            return super().verify(ours, encoded) or (ours != password and super().verify(password, encoded))
