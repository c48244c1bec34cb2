"""Links by which people make their own account. The secret in a link is shown once and stored as its hash."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import F
from django.utils import timezone

from backchannel.accounts.models import Invitation
from backchannel.accounts.secrets import digest, new_secret

DEFAULT_LIFE = timedelta(days=7)
LONGEST_LIFE = timedelta(days=365)
MOST_USES = 1000


def create_invitation(by: Any, life: timedelta = DEFAULT_LIFE, max_uses: int = 1) -> tuple[str, Invitation]:
    """Create an invitation. Returns the secret for its link, and its row."""
    secret = new_secret()
    row = Invitation.objects.create(
        digest=digest(secret), created_by=by, expires=timezone.now() + life, max_uses=max_uses
    )
    return secret, row


def open_until(secret: str) -> datetime | None:
    """When this invitation ends; None if it cannot be used. The reason is not given, so that guessing reveals nothing."""
    row = Invitation.objects.filter(digest=digest(secret)).first()
    return row.expires if row is not None and row.is_open(timezone.now()) else None


def why_refused(secret: str) -> str:
    return "This invitation is used up or has ended. Ask for a new one." if secret else "An invitation is needed."


def claim(secret: str) -> bool:
    """Use the invitation once. False if it cannot be used. Concurrent callers never succeed more often than it has uses."""
    return bool(
        Invitation.objects.filter(digest=digest(secret), uses__lt=F("max_uses"), expires__gt=timezone.now()).update(
            uses=F("uses") + 1
        )
    )
