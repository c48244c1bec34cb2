"""A person's own tokens."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.utils import timezone

from backchannel.accounts.models import Token


def tokens_of(user: Any) -> list[Token]:
    """The active ones, the newest first."""
    rows = Token.objects.filter(user=user, revoked=None).exclude(expires__lte=timezone.now())
    return list(rows.order_by("-created", "-pk"))


def revoke_tokens(user: Any, ids: Collection[int] | None = None, name: str | None = None) -> int:
    """Revoke those with these ids and of this name; None: any. Returns how many. Programs that use them are disconnected at once."""
    ended = [
        token for token in tokens_of(user) if (ids is None or token.pk in ids) and (name is None or token.name == name)
    ]
    # One by one: a bulk update would send no signals, and so close no sockets.
    for token in ended:
        token.revoked = timezone.now()
        token.save(update_fields=["revoked"])
    return len(ended)
