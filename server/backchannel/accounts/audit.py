"""The audit log: who changed whose access or the server, when and from where, chained by hashes.

    record ─▶ a row in the caller's transaction, without a position
    after the commit, `seal` ─▶ the next position, and SHA-256 over the row and the digest before it

The row is part of the transaction, so that no change goes without it; the chain is not, so that no long transaction of a site makes the
others wait. What a crash leaves unsealed is sealed by the next record, by the sweep, or by `backchannel audit`.

A row that was altered, deleted or inserted breaks the chain, which `verify` finds. An intruder who may write to the database can also compute a
new chain: each digest is therefore a line of the log as well (`audit`), which is kept elsewhere.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction
from django.db.models import F

from backchannel.accounts import auth_log
from backchannel.accounts.models import AuditEntry, AuditHead
from backchannel.process_log import ProcessLog
from backchannel.store.after_commit import after_commit

_log = ProcessLog("backchannel.audit")
_AT_ONCE: Final = 500
SUBJECT_LENGTH: Final = 200


def record(action: str, subject: str = "", **details: Any) -> None:
    """Write that this happened, in the caller's transaction. `subject`: whom or what it concerns. No secret belongs into `details`.

    Who did it: the person of the current request, else the user of the operating system who runs the command.
    """
    AuditEntry.objects.create(
        actor=(auth_log.current_actor() or operator())[:SUBJECT_LENGTH],
        address=auth_log.current_address(),
        action=action,
        subject=subject[:SUBJECT_LENGTH],
        details=details,
    )
    after_commit(seal)


def operator() -> str:
    """The user of the operating system, and the machine: "os:root@chat1"."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in containers
        name = "unknown"
    return f"os:{name}@{socket.gethostname()}"


def seal() -> int:
    """Give every row without a position its place in the chain. Returns how many. Callers wait for each other."""
    with transaction.atomic():
        AuditHead.objects.get_or_create(pk=1)
        # An update, because SQLite has no row locks: it is what locks on both databases.
        AuditHead.objects.filter(pk=1).update(position=F("position"))
        head = AuditHead.objects.get(pk=1)
        sealed = list(AuditEntry.objects.filter(position=None).order_by("pk")[:_AT_ONCE])
        for entry in sealed:
            head.position += 1
            entry.position = head.position
            entry.digest = head.digest = digest_of(entry, head.digest)
            entry.save(update_fields=["position", "digest"])
        head.save()
    for entry in sealed:
        _log.info("audit", position=entry.position, action=entry.action, digest=entry.digest)
    return len(sealed)


def digest_of(entry: AuditEntry, before: str) -> str:
    """SHA-256 over the digest before and everything that the row says."""
    at = entry.at.isoformat(timespec="microseconds")
    said = [before, entry.position, at, entry.actor, entry.address, entry.action, entry.subject, entry.details]
    return hashlib.sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Verdict:
    entries: int
    digest: str
    """Digest of the last entry. Compared with a line of the log, it proves that nothing before it was changed."""
    broken_at: int | None
    """The first position that is not as it was written; None if the chain is whole."""


def verify() -> Verdict:
    """Compute the whole chain again."""
    seal()
    position, before = 0, ""
    for entry in AuditEntry.objects.exclude(position=None).order_by("position").iterator(_AT_ONCE):
        position += 1
        if entry.position != position or entry.digest != digest_of(entry, before):
            return Verdict(position, before, position)
        before = entry.digest
    head = AuditHead.objects.get(pk=1)
    # Entries that are missing at the end leave the rest whole.
    broken = None if (head.position, head.digest) == (position, before) else position + 1
    return Verdict(position, before, broken)


def entries(limit: int, action: str = "", person: str = "") -> Iterator[AuditEntry]:
    """The newest first. `person`: who did it or whom it concerns."""
    seal()
    found = AuditEntry.objects.order_by("-position")
    if action:
        found = found.filter(action=action)
    if person:
        found = found.filter(actor=person) | found.filter(subject=person)
    yield from found[:limit]
