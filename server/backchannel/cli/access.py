"""The commands `tokens` and `invite`."""

from __future__ import annotations

import argparse
import json
from datetime import timedelta
from typing import Any

from backchannel.cli.setup import Stop, open_database, print_database
from backchannel.cli.users import found
from backchannel.site.conf import Conf


def tokens(options: argparse.Namespace, _: Conf | None) -> int:
    open_database(options)
    from backchannel.accounts.models import Token

    if options.what == "list":
        rows = Token.objects.filter(revoked=None).select_related("user").order_by("pk")
        if options.of:
            rows = rows.filter(user=found(options.of))
        shown = [_token(row) for row in rows]
        _print(
            shown,
            options,
            lambda row: (
                f"{row['id']:6} {row['user']:32} {row['name'] or '-':24} last used {row['last_used'] or 'never'}"
            ),
        )
    else:
        _revoke(options)
    print_database(options, to_stderr=True)
    return 0


def _revoke(options: argparse.Namespace) -> None:
    from backchannel.accounts.models import Token
    from backchannel.accounts.tokens import revoke_tokens

    if bool(options.ids) == bool(options.of):
        raise Stop("name the tokens by their ids (backchannel tokens list), or all of an account with --of NAME")
    if options.of:
        revoked = revoke_tokens(found(options.of))
    else:
        rows = list(Token.objects.filter(pk__in=options.ids, revoked=None).select_related("user"))
        missing = sorted(set(options.ids) - {row.pk for row in rows})
        if missing:
            raise Stop(f"there is no active token {missing[0]}; nothing was revoked")
        revoked = sum(revoke_tokens(row.user, {row.pk}) for row in rows)
    print(f"Tokens revoked: {revoked}. Programs that use them are disconnected.")


def _token(row: Any) -> dict[str, Any]:
    return {
        "id": row.pk,
        "user": row.user.get_username(),
        "name": row.name,
        "created": row.created.isoformat(timespec="seconds"),
        "last_used": row.last_used.isoformat(timespec="seconds") if row.last_used else None,
        "expires": row.expires.isoformat(timespec="seconds") if row.expires else None,
    }


def invite(options: argparse.Namespace, conf: Conf) -> int:
    open_database(options)
    from django.utils import timezone

    from backchannel.accounts import audit, invitations
    from backchannel.accounts.models import Invitation
    from backchannel.site.setup_address import base_of

    if options.what == "create":
        if conf.signup != "invitation":
            raise Stop(f"BACKCHANNEL_SIGNUP is {conf.signup}, so that invitations are not used")
        if not 1 <= options.days <= invitations.LONGEST_LIFE.days or not 1 <= options.uses <= invitations.MOST_USES:
            raise Stop(f"use 1 to {invitations.LONGEST_LIFE.days} days, and 1 to {invitations.MOST_USES} uses")
        secret, _ = invitations.create_invitation(None, timedelta(days=options.days), options.uses)
        print(f"{base_of(conf, conf.host, conf.port)}/invite/{secret}")
    elif options.what == "list":
        rows = Invitation.objects.filter(expires__gt=timezone.now()).order_by("pk")
        shown = [
            {
                "id": row.pk,
                "uses": row.uses,
                "max_uses": row.max_uses,
                "expires": row.expires.isoformat(timespec="seconds"),
            }
            for row in rows
        ]
        _print(
            shown, options, lambda row: f"{row['id']:6} used {row['uses']} of {row['max_uses']}, ends {row['expires']}"
        )
    else:
        ended = Invitation.objects.filter(pk__in=options.ids, expires__gt=timezone.now()).update(expires=timezone.now())
        for id in options.ids:
            audit.record("invitation_revoked", f"invitation {id}")
        print(f"Invitations revoked: {ended}.")
    print_database(options, to_stderr=True)
    return 0


def _print(rows: list[dict[str, Any]], options: argparse.Namespace, line: Any) -> None:
    print(json.dumps(rows, indent=1) if options.json else "\n".join(map(line, rows)) or "None.")


def add_token_arguments(parser: argparse.ArgumentParser) -> None:
    kinds = parser.add_subparsers(metavar="WHAT", required=True, dest="what")
    listing = kinds.add_parser("list", help="show the active tokens, without their secrets")
    listing.add_argument("--of", metavar="NAME", help="of this account alone")
    listing.add_argument("--json", action="store_true", help="print a JSON list")
    revoke = kinds.add_parser("revoke", help="end tokens: programs that use them are disconnected")
    revoke.add_argument("ids", metavar="ID", nargs="*", type=int)
    revoke.add_argument("--of", metavar="NAME", help="all tokens of this account")


def add_invite_arguments(parser: argparse.ArgumentParser) -> None:
    kinds = parser.add_subparsers(metavar="WHAT", required=True, dest="what")
    create = kinds.add_parser("create", help="print a link by which people make their own account")
    create.add_argument("--days", metavar="N", type=int, default=7, help="how long it works (7)")
    create.add_argument("--uses", metavar="N", type=int, default=1, help="how many accounts it makes (1)")
    listing = kinds.add_parser("list", help="show the open invitations, without their secrets")
    listing.add_argument("--json", action="store_true", help="print a JSON list")
    revoke = kinds.add_parser("revoke", help="end invitations")
    revoke.add_argument("ids", metavar="ID", nargs="+", type=int)
