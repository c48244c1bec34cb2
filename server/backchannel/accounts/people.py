"""The chat person of an account, with any user model."""

from __future__ import annotations

from typing import Any

from backchannel.protocol.shapes import User as Person
from backchannel.store import people


def person_of(user: Any) -> Person:
    """The person of `user`: created at the first call, then kept up to date with the account's names."""
    full_name = getattr(user, "get_full_name", None)
    return people.person_for_account(str(user.pk), user.get_username(), full_name() if full_name else "")
