"""Turns Django's signals, and those of our models, into lines of the auth log, whichever view, admin page or command caused them."""

from __future__ import annotations

from typing import Any, Literal

from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models.signals import post_delete, post_save

from backchannel.accounts import audit, user_classes
from backchannel.accounts.auth_log import current_actor, note
from backchannel.accounts.models import Invitation, Token


def watch() -> None:
    """Connect to the signals. Called once when the apps are ready, after revocation.watch, which records users before a change."""
    key = "backchannel.auth_events"
    user_logged_in.connect(_signed_in, dispatch_uid=key)
    user_logged_out.connect(_signed_out, dispatch_uid=key)
    user_login_failed.connect(_sign_in_failed, dispatch_uid=key)
    for users in user_classes.saved_by():
        post_save.connect(_user_saved, sender=users, dispatch_uid=key)
    post_save.connect(_token_saved, sender=Token, dispatch_uid=key)
    post_delete.connect(_token_deleted, sender=Token, dispatch_uid=key)
    post_save.connect(_invitation_saved, sender=Invitation, dispatch_uid=key)


def _signed_in(user: Any, request: Any = None, **_: Any) -> None:
    note("signed_in", user=user.get_username(), address=_address(request))


def _signed_out(user: Any, request: Any = None, **_: Any) -> None:
    if user is not None:
        note("signed_out", user=user.get_username(), address=_address(request))


def _sign_in_failed(credentials: dict[str, Any], request: Any = None, **_: Any) -> None:
    field = get_user_model().USERNAME_FIELD
    name = str(credentials.get(field) or credentials.get("username") or "").strip().lower()
    note("sign_in_failed", user=name, address=_address(request))


def _user_saved(instance: Any, created: bool = False, **_: Any) -> None:
    before = getattr(instance, "_chat_before", None)
    if created or before is None:
        return
    name = instance.get_username()
    # A sign-in may rehash the same password with newer parameters: that is not a change, and leaves this blank.
    if before.password != instance.password and getattr(instance, "_password", None) is not None:
        note("password_changed", user=name)
        if current_actor() != name:
            audit.record("password_changed", name)
    if before.is_active != instance.is_active:
        event: Literal["account_opened", "account_closed"] = (
            "account_opened" if instance.is_active else "account_closed"
        )
        note(event, user=name)
        audit.record(event, name)
    if _rights(before) != _rights(instance):
        note("rights_changed", user=name, rights=_rights(instance))
        audit.record("rights_changed", name, rights=_rights(instance))


def _rights(user: Any) -> str:
    if getattr(user, "is_superuser", False):
        return "owner"
    return "staff" if getattr(user, "is_staff", False) else "none"


def _token_saved(instance: Token, created: bool = False, **_: Any) -> None:
    if created:
        _of_token("token_made", instance)
    elif instance.revoked is not None:
        _of_token("token_revoked", instance)


def _token_deleted(instance: Token, **_: Any) -> None:
    _of_token("token_revoked", instance)


def _of_token(event: Literal["token_made", "token_revoked"], token: Token) -> None:
    name = token.user.get_username()
    note(event, user=name, token=token.pk)
    audit.record(event, name, token=token.pk)


def _invitation_saved(instance: Invitation, created: bool = False, **_: Any) -> None:
    if created:
        by = instance.created_by
        note("invitation_made", user=None if by is None else by.get_username(), invitation=instance.pk)
        audit.record("invitation_made", f"invitation {instance.pk}", uses=instance.max_uses)


def _address(request: Any) -> str | None:
    """None without a request; the address of the surrounding request counts then."""
    return None if request is None else request.META.get("REMOTE_ADDR")
