"""All commands, their options and help texts."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from backchannel import __version__
from backchannel.cli import (
    access,
    accounts,
    backups,
    doctor,
    files,
    follow,
    people,
    rooms,
    server,
    support,
    upkeep,
    users,
)
from backchannel.site.env_file import UNIT_FILE

Command = Callable[[argparse.Namespace, Any], int]
"""Runs with the parsed options and the settings (`Conf`); returns the exit status. In a Django site, and for a command that is given an
address, the settings are None."""


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="backchannel", description="Chat that keeps talking when the WebSocket does not."
    )
    parser.add_argument("--version", action="version", version=f"backchannel {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def add(name: str, command: Command, help: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=help, description=help)
        sub.add_argument(
            "--data", metavar="FOLDER", type=_not_blank, help="the server's data folder (BACKCHANNEL_DATA)"
        )
        sub.add_argument(
            "--env-file",
            metavar="FILE",
            type=_not_blank,
            help=f"read settings from this file, as systemd does (BACKCHANNEL_ENV_FILE, else {UNIT_FILE} if it exists)",
        )
        sub.set_defaults(command=command, command_name=name)
        return sub

    _add_server(add)
    _add_accounts(add)
    _add_people(add)
    _add_backups(add)
    add_shared(add)
    return parser


Add = Callable[[str, Command, str], argparse.ArgumentParser]
"""Adds a command by name, function and help text."""


def _add_server(add: Add) -> None:
    serve = add("serve", server.serve, "Run the server. Sets up an empty data folder first.")
    serve.add_argument("--host", help="address to listen on (BACKCHANNEL_HOST, else 127.0.0.1)")
    serve.add_argument("--port", help="port to listen on, 0 for any (BACKCHANNEL_PORT, else 8000)")
    serve.add_argument("--workers", metavar="N", help="number of serving processes (BACKCHANNEL_WORKERS, else 1)")
    # Passed by the supervisor: file descriptors of the listening socket and of the supervisor's pipe, number, folder.
    serve.add_argument("--as-worker", nargs="+", help=argparse.SUPPRESS)
    serve.add_argument("--demo", action="store_true", help="fill an empty database with people and their messages")
    serve.add_argument(
        "--demo-passwords",
        choices=("known", "made-up"),
        default="known",
        help='password of the --demo accounts: "demo", served to this machine only, or a random one that is printed once',
    )
    up = add("migrate", server.migrate, "Bring the database's tables up to date. serve does this at its start.")
    up.add_argument("--new", action="store_true", help="create the data folder and database if they do not exist")
    support.add_arguments(
        add(
            "support-bundle",
            support.support_bundle,
            "Write a zip for support. It contains no message, name or secret.",
        )
    )
    add("check", server.check, "Look for problems that would keep the server from running well.")


def _add_accounts(add: Add) -> None:
    create = add("createuser", accounts.createuser, "Create an account. The first one owns the server.")
    create.add_argument("name", metavar="NAME", help="lowercase letters and digits, with . _ - between them")
    create.add_argument("--display-name", default="", metavar="TEXT", help="the name shown to others")
    create.add_argument(
        "--password-stdin",
        action="store_true",
        help="read the password from the first line of standard input; "
        "by default it is asked for, or generated if there is no terminal",
    )
    # Other users of the machine can read the arguments of a command. Accepted only to be refused with an explanation.
    create.add_argument("--password", nargs="?", const="", help=argparse.SUPPRESS)
    create.add_argument("--owner", action="store_true", help="grant all rights, including the admin pages")
    create.add_argument("--bot", action="store_true", help="create it without a password: it signs in by token only")
    create.add_argument("--new", action="store_true", help="create the data folder and database if they do not exist")

    address = add(
        "setup-address", accounts.setup_address, "Print the address at which a new server's owner is created."
    )
    address.add_argument(
        "--new-secret", action="store_true", help="generate a new secret; the address printed before stops working"
    )


def _add_people(add: Add) -> None:
    users.add_arguments(
        add("user", users.user, "List accounts; grant and revoke rights, deactivate, set passwords, erase.")
    )
    access.add_invite_arguments(add("invite", access.invite, "Create, list and revoke invitation links."))
    upkeep.add_mail_arguments(add("mail", upkeep.mail, "Send a test mail."))
    upkeep.add_secret_arguments(add("secret", upkeep.secret, "Rotate the secret key without signing anybody out."))


def _add_backups(add: Add) -> None:
    keep = add("backup", backups.backup, "Write the whole database to a file, while the server runs.")
    keep.add_argument(
        "file", metavar="FILE", type=_file, help="a new file, or a folder that gets a file with a dated name"
    )
    keep.add_argument(
        "--keep", metavar="N", type=_positive, help="in a folder: delete all dated backups except the newest N"
    )
    back = add("restore", backups.restore, "Replace the database with a backup. Stop the server first.")
    back.add_argument("file", metavar="FILE", type=_file, help="a file written by backup")


def add_shared(add: Add) -> None:
    """The commands that `manage.py backchannel` of a Django site has too."""
    doctor.add_arguments(add("doctor", doctor.doctor, "Examine the server, or with URL an address from outside."))
    once = (
        "Send a message from bot to bot over the WebSocket and over HTTP. For monitoring: exit status 0 if both arrive."
    )
    doctor.add_probe_arguments(add("probe", doctor.probe, once))
    token = add("token", accounts.token, "Create a token for a program and print it.")
    token.add_argument("name", metavar="NAME", help="the account that the program acts as")
    token.add_argument("--label", default="", metavar="TEXT", help="what the token is for, shown where it is revoked")
    token.add_argument("--days", metavar="N", type=_positive, help="the token expires after N days (never)")
    access.add_token_arguments(add("tokens", access.tokens, "List and revoke the tokens of programs."))
    rooms.add_arguments(add("room", rooms.room, "List groups and channels; add and remove people."))
    upkeep.add_audit_arguments(
        add("audit", upkeep.audit, "Show the audit log of changes of access and of the server, or verify it.")
    )
    upkeep.add_retention_arguments(
        add("retention", upkeep.retention, "Delete the text of messages older than some days.")
    )
    sync = add(
        "sync-people",
        people.sync_people,
        "Make every account a person of the chat, and bring names and pictures up to date.",
    )
    sync.add_argument("--erase-missing", action="store_true", help="also erase people whose account no longer exists")
    add(
        "promote",
        backups.promote,
        "Start a new epoch after a backup was restored or a standby promoted: clients discard their state and reload.",
    )
    follow_ = add("followers", follow.followers, "Show the progress of each follower of the log.")
    follow_.add_argument(
        "--reset", metavar="NAME", help="delete what this follower derived; the server derives it again"
    )
    kept = add(
        "files",
        files.files,
        "Delete files that no message needs, copy files for a backup, or restore a copy.",
    )
    kept.add_argument(
        "what",
        choices=("sweep", "copy", "restore"),
        help="sweep: delete unneeded files, as a server does every ten minutes; copy: copy new files to FOLDER, after a backup of the "
        "database; restore: copy missing files back from FOLDER",
    )
    kept.add_argument("folder", metavar="FOLDER", nargs="?", type=Path, help="where the copy is")
    kept.add_argument(
        "--keep-days",
        metavar="DAYS",
        type=_positive,
        help="copy: delete files from FOLDER that no message has had for DAYS; use the age of the oldest backup that is kept",
    )
    kept.add_argument(
        "--now", action="store_true", help="sweep: include files younger than an hour; only while no server runs"
    )
    left = add("intents", follow.intents, "Show requests of the site's own code that the chat refused.")
    left.add_argument("--retry", metavar="ID", nargs="*", type=_positive, help="apply these again (all)")
    left.add_argument("--drop", metavar="ID", nargs="+", type=_positive, help="delete these permanently")
    active = add("activity", follow.activity, "Show the number of messages, people and rooms per day (UTC).")
    active.add_argument("--days", metavar="N", type=_positive, default=30, help="number of days to show (30)")


def _positive(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive whole number")
    return int(text)


def _not_blank(text: str) -> str:
    """Refuse `--data "$UNSET"`: its author meant some folder, not the default one."""
    if not text.strip():
        raise argparse.ArgumentTypeError("is blank; give a name, or leave the option out")
    return text


def _file(text: str) -> Path:
    if not text.strip():
        raise argparse.ArgumentTypeError("is blank; name a file")
    return Path(text)
