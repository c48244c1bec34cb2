"""A person's own tokens."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.utils import timezone

from backchannel.accounts.models import Token


def tokens_of(user: Any) -> list[Token]:
    """The active ones, the newest first."""
    return list(Token.objects.filter(user=user, revoked=None).order_by("-created", "-pk"))


def revoke_tokens(user: Any, ids: Collection[int] | None = None) -> int:
    """Revoke those with these ids, or all of them. Returns how many. Programs that use them are disconnected at once."""
    ended = [token for token in tokens_of(user) if ids is None or token.pk in ids]
    # One by one: a bulk update would send no signals, and so close no sockets.
    for token in ended:
        token.revoked = timezone.now()
        token.save(update_fields=["revoked"])
    return len(ended)
