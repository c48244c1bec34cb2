"""Creates secrets of 256 random bits, and their SHA-256, the form in which they are stored."""

from __future__ import annotations

import hashlib
import secrets

# Lets scanners recognise a leaked token, and the check that keeps tokens out of addresses.
TOKEN_PREFIX = "bc_"
TICKET_PREFIX = "bt_"
CHAT_SESSION_PREFIX = "bs_"


def new_secret(prefix: str = "") -> str:
    return prefix + secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
