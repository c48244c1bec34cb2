"""The commands `audit`, `mail`, `retention` and `secret`."""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

from backchannel.cli.setup import Stop, act_as_owner, open_database, print_database
from backchannel.site.conf import Conf


def audit(options: argparse.Namespace, _: Conf | None) -> int:
    open_database(options)
    from backchannel.accounts import audit

    if options.what == "verify":
        verdict = audit.verify()
        if verdict.broken_at is not None:
            print(f"The audit log was changed: entry {verdict.broken_at} differs from what was written.")
        else:
            print(f"{verdict.entries} entries, the chain is intact. Digest of the last: {verdict.digest or 'none'}")
        print_database(options, to_stderr=True)
        return int(verdict.broken_at is not None)
    rows = [_entry(each) for each in audit.entries(options.last, options.action or "", options.person or "")]
    if options.json:
        print(json.dumps(rows, indent=1))
    else:
        lines = (
            f"{row['position']:6} {row['at']} {row['actor']:24} {row['address']:16} {row['action']:18} {row['subject']} "
            + " ".join(f"{name}={value}" for name, value in row["details"].items())
            for row in rows
        )
        print("\n".join(line.rstrip() for line in lines) or "No entries yet.")
    print_database(options, to_stderr=True)
    return 0


def _entry(entry: Any) -> dict[str, Any]:
    return {
        "position": entry.position,
        "at": entry.at.isoformat(timespec="seconds"),
        "actor": entry.actor,
        "address": entry.address,
        "action": entry.action,
        "subject": entry.subject,
        "details": entry.details,
        "digest": entry.digest,
    }


def mail(options: argparse.Namespace, conf: Conf) -> int:
    """Send a mail and wait for the mail server's answer, without the queue that requests use."""
    open_database(options)
    from smtplib import SMTPException

    from django.core.mail import EmailMessage
    from django.core.mail.backends.smtp import EmailBackend

    if not conf.mail_url:
        raise Stop("BACKCHANNEL_MAIL_URL is unset, so that no mail is sent")
    text = "This is a test of Backchannel's mail. Nothing has to be done."
    message = EmailMessage("Test of Backchannel's mail", text, conf.mail_from, [options.to])
    try:
        EmailBackend(fail_silently=False).send_messages([message])
    except (SMTPException, OSError) as problem:
        code = getattr(problem, "smtp_code", None)
        raise Stop(
            f"the mail was not sent: {f'the server answers {code}' if code else type(problem).__name__}"
        ) from None
    print(
        f"The mail server took a mail from {conf.mail_from} to {options.to}. Whether it arrives is shown in the mailbox."
    )
    return 0


def retention(options: argparse.Namespace, _: Conf | None) -> int:
    """Delete the text of old messages: each leaves a tombstone, so that numbers stay."""
    open_database(options)
    from backchannel.accounts import audit
    from backchannel.accounts.running_chats import write
    from backchannel.commands.erase_messages import EraseMessages
    from backchannel.store import erasing
    from backchannel.store.operation import NOBODY

    before_us = int((time.time() - options.days * 86400) * 1_000_000)
    count = erasing.count_before(before_us)
    if not options.yes:
        print(f"{count:,} messages are older than {options.days} days. With --yes their text is deleted permanently.")
        print_database(options)
        return 0
    deleted = 0
    for room_id in erasing.rooms_with_messages():
        for ids in erasing.messages_before(room_id, before_us):
            write(EraseMessages(actor=NOBODY, room_id=room_id, message_ids=ids))
            deleted += len(ids)
    audit.record("retention_run", f"older than {options.days} days", messages=deleted)
    print(f"Messages deleted: {deleted:,}. Backups made before still have them.")
    print_database(options)
    return 0


def secret(options: argparse.Namespace, conf: Conf) -> int:
    from backchannel.site import folder, owner

    if conf.secret_key:
        raise Stop(
            "the secret key is BACKCHANNEL_SECRET_KEY; put a new one there and the old one into BACKCHANNEL_SECRET_KEY_FALLBACKS, "
            "then restart all servers"
        )
    open_database(options)
    act_as_owner(owner.foreign_owner(options.choice.folder), options.choice.folder)
    from backchannel.accounts import audit

    kept = folder.rotate_secret_key(conf.data, forget=options.now)
    audit.record("secret_rotated", "secret key", kept=kept)
    who = "Everybody is signed out then." if options.now else f"Nobody is signed out: {kept} older keys remain valid."
    print(f"Wrote a new secret key. Restart the server to use it. {who}")
    print_database(options)
    return 0


def add_audit_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "what", nargs="?", choices=("list", "verify"), default="list", help="show entries (list), or verify the chain"
    )
    parser.add_argument("--last", metavar="N", type=int, default=50, help="how many, the newest first (50)")
    parser.add_argument("--action", metavar="NAME", help="such as token_made")
    parser.add_argument("--person", metavar="NAME", help="who did it, or whom it concerns")
    parser.add_argument("--json", action="store_true", help="print a JSON list")


def add_mail_arguments(parser: argparse.ArgumentParser) -> None:
    kinds = parser.add_subparsers(metavar="WHAT", required=True, dest="what")
    kinds.add_parser("test", help="send a mail, and report what the mail server answers").add_argument(
        "to", metavar="ADDRESS"
    )


def add_retention_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--days", metavar="N", type=int, required=True, help="keep the messages of the last N days")
    parser.add_argument("--yes", action="store_true", help="delete; without it they are only counted")


def add_secret_arguments(parser: argparse.ArgumentParser) -> None:
    kinds = parser.add_subparsers(metavar="WHAT", required=True, dest="what")
    rotate = kinds.add_parser("rotate", help="make a new secret key; what older ones signed stays valid")
    rotate.add_argument(
        "--now", action="store_true", help="forget the older ones: everybody is signed out at the next start"
    )
