"""Who is staff of the site, by Django's `is_staff`. A user model without it has none."""

from __future__ import annotations

from django.contrib.auth import get_user_model


def is_staff(account: str) -> bool:
    """`account`: the user's primary key, as text."""
    user = get_user_model()._default_manager.filter(pk=account).first()
    return user is not None and user.is_active and bool(getattr(user, "is_staff", False))
