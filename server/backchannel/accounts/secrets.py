"""How secrets are made and stored: 256 random bits, kept as SHA-256."""

from __future__ import annotations

import hashlib
import secrets

# Recognisable in a leaked file or log by scanners, and by the check that keeps tokens out of addresses.
TOKEN_PREFIX = "bc_"
TICKET_PREFIX = "bt_"


def new_secret(prefix: str = "") -> str:
    return prefix + secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
