"""Turns BACKCHANNEL_MAIL_URL into Django's mail settings."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


def mail_settings(url: str, sender: str) -> dict[str, Any]:
    """Django's mail settings, by name. Without a `url`, mail is dropped: the app works without it."""
    shared = {"DEFAULT_FROM_EMAIL": sender, "SERVER_EMAIL": sender}
    if not url:
        return {**shared, "EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend"}
    parts = urlsplit(url)
    implicit_tls = parts.scheme == "smtps"
    # ?tls=no is for a relay on the same machine, which usually offers no TLS.
    plain = parse_qs(parts.query).get("tls") == ["no"]
    return {
        **shared,
        "EMAIL_BACKEND": "backchannel.site.mail_queue.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or (465 if implicit_tls else 25 if plain else 587),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": implicit_tls,
        "EMAIL_USE_TLS": not implicit_tls and not plain,
        "EMAIL_TIMEOUT": 10,
    }
