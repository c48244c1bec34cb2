"""Database sessions stored under the hash of the cookie's value, so that a reader of the table, or of a backup, cannot sign in.

    SESSION_ENGINE = "backchannel.accounts.sessions"

The cookie holds Django's session key. The row's `session_key` is `stored_key` of it; this server writes the key itself nowhere.
The table is Django's own.
"""

from __future__ import annotations

import base64
import hashlib
import logging
from importlib import import_module
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore
from django.core.exceptions import SuspiciousOperation
from django.utils import timezone

STORED_KEY_LENGTH = 40
"""The length of Django's column: 240 of the 256 bits. Django's own keys have 32 characters, so the two cannot be confused."""


def stored_key(session_key: str) -> str:
    """The key under which the session with this cookie is stored."""
    hashed = hashlib.sha256(session_key.encode("utf-8", "surrogatepass")).digest()
    return base64.urlsafe_b64encode(hashed).decode("ascii")[:STORED_KEY_LENGTH]


def session_store() -> Any:
    """The class of the site's session engine."""
    return import_module(settings.SESSION_ENGINE).SessionStore


def keeps_a_table() -> bool:
    """Whether the site's session engine keeps sessions in a table, and not in a cache or in files."""
    return hasattr(session_store(), "get_model_class")


def session_table() -> Any:
    """The model of the site's sessions. None: its engine keeps them elsewhere, or the site has none at all, as one may that signs in by
    tokens alone."""
    try:
        return session_store().get_model_class() if keeps_a_table() else None
    except RuntimeError:  # Django's: the model belongs to no installed app
        return None


def stored_key_of(session_key: str) -> str:
    """The same for any session engine: others store the cookie's value itself."""
    return stored_key(session_key) if issubclass(session_store(), SessionStore) else session_key


class SessionStore(DatabaseSessionStore):
    """Django's, except for the key under which a session is stored."""

    def _get_session_from_db(self) -> Any:
        try:
            return self.model.objects.get(
                session_key=stored_key(self.session_key or ""), expire_date__gt=timezone.now()
            )
        except self.model.DoesNotExist:
            pass
        except SuspiciousOperation as problem:
            logging.getLogger(f"django.security.{type(problem).__name__}").warning(str(problem))
        self._session_key = None
        return None

    async def _aget_session_from_db(self) -> Any:
        return await sync_to_async(self._get_session_from_db)()

    def exists(self, session_key: str) -> bool:
        return super().exists(stored_key(session_key))

    async def aexists(self, session_key: str) -> bool:
        return await super().aexists(stored_key(session_key))

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        row = super().create_model_instance(data)
        row.session_key = stored_key(row.session_key)
        return row

    async def acreate_model_instance(self, data: dict[str, Any]) -> Any:
        row = await super().acreate_model_instance(data)
        row.session_key = stored_key(row.session_key)
        return row

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key is not None:
            super().delete(stored_key(key))

    async def adelete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key is not None:
            await super().adelete(stored_key(key))
