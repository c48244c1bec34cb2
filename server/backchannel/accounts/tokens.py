"""A person's own tokens: which there are, and how they end."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.utils import timezone

from backchannel.accounts.models import Token


def tokens_of(user: Any) -> list[Token]:
    """Those that work, the newest first."""
    return list(Token.objects.filter(user=user, revoked=None).order_by("-created", "-pk"))


def revoke_tokens(user: Any, ids: Collection[int] | None = None) -> int:
    """End those with these ids, or all of them; how many. What uses them is cut off at once."""
    ended = [token for token in tokens_of(user) if ids is None or token.pk in ids]
    # One by one: an update of all would pass by the announcement that closes the sockets.
    for token in ended:
        token.revoked = timezone.now()
        token.save(update_fields=["revoked"])
    return len(ended)
