"""Mail about changes to how an account is recovered, sent to the addresses that it had before.

Triggered by model signals, so that the app, the admin pages and a shell behave alike. Without a mail server nothing is sent; if it
refuses a mail, that is logged, and the change remains in force.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth import get_user_model
from django.core.mail import send_mail
from django.db import transaction
from django.db.models.signals import post_delete, post_save

from backchannel.process_log import ProcessLog
from backchannel.store.workspace import workspace

_log = ProcessLog("backchannel.notices")


def watch() -> None:
    """Connect to Django's signals. Called once when the apps are ready."""
    post_save.connect(_on_address_saved, sender=EmailAddress, dispatch_uid="backchannel.notices")
    post_delete.connect(_on_address_deleted, sender=EmailAddress, dispatch_uid="backchannel.notices")


def _on_address_saved(instance: EmailAddress, created: bool = False, raw: bool = False, **_: Any) -> None:
    if created and not raw:
        others = _addresses_of(instance.user) - {instance.email.lower()}
        notify(instance.user, others, f"The e-mail address {instance.email} was added to")


def _on_address_deleted(instance: EmailAddress, **_: Any) -> None:
    user = get_user_model()._default_manager.filter(pk=instance.user_id).first()
    if user is not None:
        notify(
            user,
            {instance.email.lower(), *_addresses_of(user)},
            f"The e-mail address {instance.email} was removed from",
        )


def notify(user: Any, addresses: Iterable[str], what: str) -> None:
    """Mail to each of `addresses`, after the commit. The text begins with `what`, followed by the account's name."""
    name, recipients = user.get_username(), sorted(address for address in addresses if address)
    text = (
        f"{what} your account {name} in {workspace().name}. A person who reads the mail of an account's address can set a new "
        "password for it.\n\nIf this was not you, change your password, sign out your other devices, and inform the operator of the "
        "server."
    )

    def send() -> None:
        for recipient in recipients:
            try:
                send_mail(f"The account {name} was changed", text, None, [recipient])
            except OSError as problem:
                _log.warning("notice_not_sent", account=user.pk, error=type(problem).__name__)

    transaction.on_commit(send)


def _addresses_of(user: Any) -> set[str]:
    kept = EmailAddress.objects.filter(user=user).values_list("email", flat=True)
    return {address.lower() for address in (*kept, user.email) if address}
