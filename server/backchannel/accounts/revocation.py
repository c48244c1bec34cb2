"""Notices when a credential ends, and announces it at once.

Sign-out, the end of a session, a changed password, a deactivated or deleted account, a revoked token: each is announced after its
commit to the chats that run in this process. They close the sockets and end the polls that rest on it, here and on other nodes.
Announcements may be lost; `lookup.dead_among` is how a node finds out all the same.

Django's signals are used for this and for the auth log: Django reports these facts by signals, whichever view, admin page or command
brought them about.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_out
from django.db.models.signals import post_delete, post_save, pre_save

from backchannel.accounts import user_classes
from backchannel.accounts.identity import Ended, Proof
from backchannel.accounts.models import Token
from backchannel.accounts.running_chats import announce_ended
from backchannel.accounts.sessions import session_table, stored_key_of
from backchannel.store import people
from backchannel.store.after_commit import after_commit

_OF_ACCESS = frozenset({"password", "is_active", "is_staff", "is_superuser"})
"""Columns of a user that decide what their credentials are worth."""


def watch() -> None:
    """Connect to Django's signals; called once when the apps are ready."""
    key = "backchannel.revocation"
    user_logged_out.connect(_on_logout, dispatch_uid=key)
    if (table := session_table()) is not None:
        post_delete.connect(_on_session_deleted, sender=table, dispatch_uid=key)
    for users in user_classes.saved_by():
        pre_save.connect(_before_user_saved, sender=users, dispatch_uid=key)
        post_save.connect(_on_user_saved, sender=users, dispatch_uid=key)
    for users in user_classes.deleted_by():
        post_delete.connect(_on_user_deleted, sender=users, dispatch_uid=key)
    post_save.connect(_on_token_saved, sender=Token, dispatch_uid=key)
    post_delete.connect(_on_token_deleted, sender=Token, dispatch_uid=key)


def _announce_after_commit(ended: Ended) -> None:
    after_commit(lambda: announce_ended(ended))


def _on_logout(sender: Any, request: Any, **_: Any) -> None:
    key = request.session.session_key if hasattr(request, "session") else None
    if key:
        # The session is deleted after this signal. For a session in a cache there is no other signal.
        _announce_after_commit(Ended(credential=Proof(session_key=stored_key_of(key)).credential))


def _on_session_deleted(sender: Any, instance: Any, **_: Any) -> None:
    _announce_after_commit(Ended(credential=Proof(session_key=instance.session_key).credential))


def _before_user_saved(sender: Any, instance: Any, update_fields: Any = None, **_: Any) -> None:
    instance._chat_before = None
    if instance.pk is None or (update_fields is not None and not _OF_ACCESS & set(update_fields)):
        return
    instance._chat_before = get_user_model()._default_manager.filter(pk=instance.pk).first()


def _on_user_saved(sender: Any, instance: Any, **_: Any) -> None:
    before = getattr(instance, "_chat_before", None)
    if before is None or (before.password, before.is_active) == (instance.password, instance.is_active):
        return
    if before.is_active and not instance.is_active:
        people.set_account_active(str(instance.pk), False)  # `syncing` does the opposite, which asks the site's code
    _announce_user(instance)


def _on_user_deleted(sender: Any, instance: Any, **_: Any) -> None:
    people.set_account_active(str(instance.pk), False)
    _announce_user(instance)


def _announce_user(user: Any) -> None:
    for person_id in people.ids_of_account(str(user.pk)):
        _announce_after_commit(Ended(user_id=person_id))


def _on_token_saved(sender: Any, instance: Token, **_: Any) -> None:
    if instance.revoked is not None:
        _announce_after_commit(Ended(credential=Proof(token_id=instance.pk).credential))


def _on_token_deleted(sender: Any, instance: Token, **_: Any) -> None:
    _announce_after_commit(Ended(credential=Proof(token_id=instance.pk).credential))
