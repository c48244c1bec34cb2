"""The command `backchannel`.

What goes wrong as foreseen is one line on stderr and exit status 2; `check` exits 1 where it found
something. Results go to stdout, so that `TOKEN=$(backchannel token ada)` works. Modules are imported
by the command that needs them: `--help` should not wait for Django.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from backchannel import __version__
from backchannel.site.conf import Conf, SettingError, load, variable

Command = Callable[[argparse.Namespace, Conf], int]


class Stop(Exception):
    """End the command with this line on stderr and exit status 2."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status."""
    options = _parser().parse_args(arguments)
    try:
        conf = _configure(options)
        command: Command = options.command
        return command(options, conf)
    except (Stop, SettingError) as problem:
        print(f"backchannel: {problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="backchannel", description="Chat that keeps talking when the WebSocket does not."
    )
    parser.add_argument("--version", action="version", version=f"backchannel {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def add(name: str, command: Command, help: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=help, description=help)
        sub.add_argument("--data", metavar="FOLDER", help="where everything is kept (BACKCHANNEL_DATA)")
        sub.set_defaults(command=command)
        return sub

    serve = add("serve", _serve, "Run the server; an empty data folder is set up first.")
    serve.add_argument("--host", help="address to listen on (BACKCHANNEL_HOST, else 127.0.0.1)")
    serve.add_argument("--port", help="port to listen on, 0 for any (BACKCHANNEL_PORT, else 8000)")
    serve.add_argument("--workers", metavar="N", help="processes that serve (BACKCHANNEL_WORKERS, else 1)")
    # What the supervisor of several says to each: the descriptors of the listening socket and of the tie to it.
    serve.add_argument("--as-worker", nargs=2, type=int, help=argparse.SUPPRESS)
    serve.add_argument("--demo", action="store_true", help="fill an empty database with people and their messages")

    create = add("createuser", _createuser, "Make an account. The first one owns the server.")
    create.add_argument("name", metavar="NAME", help="lowercase letters and digits, with . _ - between them")
    create.add_argument("--display-name", default="", metavar="TEXT", help="the name shown to others")
    create.add_argument("--password", metavar="TEXT", help="asked for, or made up, where it is not given")
    create.add_argument("--owner", action="store_true", help="may do everything, the admin pages included")
    create.add_argument("--bot", action="store_true", help="has no password: only tokens speak for it")

    token = add("token", _token, "Make a token for a program, and print it.")
    token.add_argument("name", metavar="NAME", help="whom the program speaks for")
    token.add_argument("--label", default="", metavar="TEXT", help="what uses it, to find it again when it is revoked")

    add("migrate", _migrate, "Bring the database's tables up to date; serve does this by itself.")
    keep = add("backup", _backup, "Write everything that is kept to a file, while the server runs.")
    keep.add_argument("file", metavar="FILE", type=Path, help="must not exist yet")
    back = add("restore", _restore, "Put a backup in the place of what is kept. The server must not run.")
    back.add_argument("file", metavar="FILE", type=Path, help="made by backup")
    add("promote", _promote, "Say that the database is a promoted standby: clients start over from what it has.")
    add("check", _check, "Look for what would keep the server from running well.")
    return parser


def _configure(options: argparse.Namespace) -> Conf:
    """Options on the command line are settings; they go where settings are read."""
    for name in ("data", "host", "port", "workers"):
        value = getattr(options, name, None)
        if value is not None:
            os.environ[variable(name)] = value
    os.environ["DJANGO_SETTINGS_MODULE"] = "backchannel.site.settings"
    conf = load(os.environ)
    from backchannel.site.logging import configure

    configure(conf.log_format, conf.log_level)
    return conf


def _open(conf: Conf, *, up_to_date: bool = True) -> None:
    """Get Django and the database ready, and the tables up to date. Raises `Stop`."""
    import django

    django.setup()
    from backchannel.site import state

    try:
        state.connect()
        state.check_durable()
        if state.unapplied() and up_to_date:
            state.migrate()
    except state.DatabaseUnusable as problem:
        raise Stop(str(problem)) from None


def _serve(options: argparse.Namespace, conf: Conf) -> int:
    from backchannel.runner.start import start, start_worker

    if options.as_worker:
        start_worker(conf, *options.as_worker, open_database=lambda: _open(conf, up_to_date=False))
        return 0
    return start(conf, demo=options.demo, open_database=lambda: _open(conf), stop=Stop)


def _createuser(options: argparse.Namespace, conf: Conf) -> int:
    _open(conf)
    from backchannel.accounts.entrance import Newcomer, Refused, is_set_up, let_in, set_up
    from backchannel.site.passwords import ask_or_make

    made_up = False
    password = options.password
    if options.bot:
        password = None
    elif password is None:
        password, made_up = ask_or_make()
    newcomer = Newcomer(
        username=options.name.lower(),
        display_name=options.display_name,
        password=password,
        # Whoever sits at the server's shell decides what is good enough.
        weak_password=options.password is not None,
    )
    first = not is_set_up()
    try:
        user = set_up("Backchannel", newcomer) if first else let_in(newcomer, owner=options.owner)
    except Refused as refusal:
        raise Stop("; ".join(" ".join(lines) for lines in refusal.errors.values())) from None
    role = " and owns this server" if first or options.owner else ""
    print(f"{user.username} is here{role}." + (f" Password: {password}" if made_up else ""))
    return 0


def _token(options: argparse.Namespace, conf: Conf) -> int:
    _open(conf)
    from django.contrib.auth import get_user_model

    from backchannel.accounts.lookup import issue_token

    user = get_user_model()._default_manager.filter(username=options.name.lower(), is_active=True).first()
    if user is None:
        raise Stop(f"there is no active account {options.name}; make one with: backchannel createuser {options.name}")
    print(issue_token(user, options.label))
    return 0


def _migrate(options: argparse.Namespace, conf: Conf) -> int:
    _open(conf, up_to_date=False)
    from backchannel.site import state

    waiting = state.unapplied()
    state.migrate()
    print(f"{len(waiting)} migrations applied." if waiting else "The tables are up to date.")
    return 0


def _check(options: argparse.Namespace, conf: Conf) -> int:
    from backchannel.site.check import findings

    problems = 0
    for finding in findings(conf, Path(conf.data)):
        problems += finding.is_problem
        print(f"{'problem' if finding.is_problem else finding.word:9}{finding.text}")
    print("Nothing stands in the way." if not problems else f"{problems} to see to.")
    return 1 if problems else 0


def _backup(options: argparse.Namespace, conf: Conf) -> int:
    _open(conf, up_to_date=False)
    from backchannel.site import backup, state

    try:
        backup.backup(options.file.absolute())
    except state.DatabaseUnusable as problem:
        raise Stop(str(problem)) from None
    print(f"{options.file}: {options.file.stat().st_size:,} bytes.")
    return 0


def _restore(options: argparse.Namespace, conf: Conf) -> int:
    import django

    django.setup()
    from contextlib import ExitStack

    from backchannel.site import backup, state

    try:
        with ExitStack() as held:
            if state.vendor() == "sqlite":
                held.enter_context(state.only_server_of(conf.data))
            else:
                state.connect()
            backup.restore(options.file.absolute())
            state.connect()
            if state.unapplied():
                state.migrate()
            backup.begin_epoch()
    except state.DatabaseUnusable as problem:
        raise Stop(str(problem)) from None
    print("Restored. Clients notice, and start over from what it has.")
    return 0


def _promote(options: argparse.Namespace, conf: Conf) -> int:
    _open(conf)
    from backchannel.site import backup

    backup.begin_epoch()
    print("A new epoch has begun. Clients notice within seconds, and start over from what the database has.")
    return 0
