"""Enters what is done in the admin pages into the audit log. Django's own record of them (`LogEntry`) can be edited."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.db.models.signals import post_save

from backchannel.accounts import audit


def watch() -> None:
    """Connect to the signal; called once when the apps are ready."""
    post_save.connect(_noted, sender=LogEntry, dispatch_uid="backchannel.admin_audit")


def _noted(instance: LogEntry, created: bool = False, **_: Any) -> None:
    if not created:
        return
    did = {ADDITION: "added", CHANGE: "changed"}.get(instance.action_flag, "deleted")
    what = instance.content_type.model if instance.content_type else "?"
    # The names of the fields, never what is in them.
    audit.record("admin_page", f"{what} {instance.object_id}", did=did, changes=instance.get_change_message())
