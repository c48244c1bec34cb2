"""The command `backchannel`.

What goes wrong as foreseen is one line on stderr and exit status 2; `check` exits 1 where it found
something. Results go to stdout, so that `TOKEN=$(backchannel token ada)` works. Each command names the database it worked on:
on stderr where stdout is for programs to read. Only `serve`, `restore` and `--new` make one.
Modules are imported by the command that needs them: `--help` should not wait for Django.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from backchannel import __version__
from backchannel.site.conf import Conf, SettingError, load, unknown, variable
from backchannel.site.env_file import UNIT_FILE

if TYPE_CHECKING:
    from backchannel.site.owner import Owner
    from backchannel.site.place import Place

Command = Callable[[argparse.Namespace, Conf], int]


class Stop(Exception):
    """End the command with this line on stderr and exit status 2."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status."""
    options = _parser().parse_args(arguments)
    options.place = None
    try:
        conf = _configure(options)
        command: Command = options.command
        return command(options, conf)
    except (Stop, SettingError) as problem:
        print(f"backchannel: {_told(' '.join(str(problem).split()), options)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # who reads has enough, as in `backchannel check | head -1`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        trouble = _trouble(error)
        if trouble is None:
            raise
        print(f"backchannel: {_told(trouble, options)}", file=sys.stderr)
        return 2


def _trouble(error: Exception) -> str | None:
    """What a database or a disk has to say: no fault of the program. None for everything else."""
    if isinstance(error, OSError):
        return f"{error.strerror or error}" + (f": {error.filename}" if error.filename else "")
    # By name: most commands end without a need for these modules.
    if any(
        kind.__module__.split(".")[0] in {"sqlite3", "psycopg", "psycopg_pool"} or kind.__module__ == "django.db.utils"
        for kind in type(error).__mro__
    ):
        reason = " ".join(str(error).split("\n")[0].split()) or type(error).__name__
        return f"the database refused it: {reason}"
    return None


def _told(problem: str, options: argparse.Namespace) -> str:
    """With the database that it is about, where it does not name that itself."""
    place: Place | None = options.place
    if place is None or options.command is _serve or place.name in problem:
        return problem
    return f"{problem} ({place})"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="backchannel", description="Chat that keeps talking when the WebSocket does not."
    )
    parser.add_argument("--version", action="version", version=f"backchannel {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def add(name: str, command: Command, help: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=help, description=help)
        sub.add_argument(
            "--data", metavar="FOLDER", type=_not_blank, help="where everything is kept (BACKCHANNEL_DATA)"
        )
        sub.add_argument(
            "--env-file",
            metavar="FILE",
            type=_not_blank,
            help=f"settings as systemd reads them (BACKCHANNEL_ENV_FILE, else {UNIT_FILE} where there is one)",
        )
        sub.set_defaults(command=command)
        return sub

    serve = add("serve", _serve, "Run the server; an empty data folder is set up first.")
    serve.add_argument("--host", help="address to listen on (BACKCHANNEL_HOST, else 127.0.0.1)")
    serve.add_argument("--port", help="port to listen on, 0 for any (BACKCHANNEL_PORT, else 8000)")
    serve.add_argument("--workers", metavar="N", help="processes that serve (BACKCHANNEL_WORKERS, else 1)")
    # What the supervisor of several says to each: the descriptors of the listening socket and of the tie to it.
    serve.add_argument("--as-worker", nargs=4, help=argparse.SUPPRESS)
    serve.add_argument("--demo", action="store_true", help="fill an empty database with people and their messages")
    serve.add_argument(
        "--demo-passwords",
        choices=("known", "made-up"),
        default="known",
        help='what the people of --demo sign in with: "demo", served on this machine alone, or one that is made up and printed once',
    )

    create = add("createuser", _createuser, "Make an account. The first one owns the server.")
    create.add_argument("name", metavar="NAME", help="lowercase letters and digits, with . _ - between them")
    create.add_argument("--display-name", default="", metavar="TEXT", help="the name shown to others")
    create.add_argument(
        "--password-stdin",
        action="store_true",
        help="read the password from standard input, its first line; else it is asked for, or made up where nobody can be asked",
    )
    # Other users of the machine see the words of a command. Taken up to be refused with a sentence.
    create.add_argument("--password", nargs="?", const="", help=argparse.SUPPRESS)
    create.add_argument("--owner", action="store_true", help="may do everything, the admin pages included")
    create.add_argument("--bot", action="store_true", help="has no password: only tokens speak for it")
    create.add_argument("--new", action="store_true", help="make the data folder and database where there are none yet")

    address = add("setup-address", _setup_address, "Print the address at which a new server gets its owner.")
    address.add_argument(
        "--new-secret", action="store_true", help="make another secret; the address that was printed before ends"
    )

    token = add("token", _token, "Make a token for a program, and print it.")
    token.add_argument("name", metavar="NAME", help="whom the program speaks for")
    token.add_argument("--label", default="", metavar="TEXT", help="what uses it, to find it again when it is revoked")

    up = add("migrate", _migrate, "Bring the database's tables up to date; serve does this by itself.")
    up.add_argument("--new", action="store_true", help="make the data folder and database where there are none yet")
    keep = add("backup", _backup, "Write everything in the database to a file, while the server runs.")
    keep.add_argument("file", metavar="FILE", type=_file, help="must not exist yet; in a folder, it gets a dated name")
    keep.add_argument(
        "--keep", metavar="N", type=_positive, help="in a folder: delete all dated backups but the newest N"
    )
    back = add("restore", _restore, "Put a backup in the place of what is kept. The server must not run.")
    back.add_argument("file", metavar="FILE", type=_file, help="made by backup")
    add("promote", _promote, "Say that the database is a promoted standby: clients start over from what it has.")
    follow = add(
        "followers", _followers, "Show how far the followers of the log are: what is derived from the messages."
    )
    follow.add_argument("--reset", metavar="NAME", help="delete what this one derived; the server derives it again")
    active = add("activity", _activity, "Show how many messages, people and rooms there were on each day (UTC).")
    active.add_argument("--days", metavar="N", type=_positive, default=30, help="the newest so many days (30)")
    add("check", _check, "Look for what would keep the server from running well.")
    return parser


def _positive(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


def _not_blank(text: str) -> str:
    """`--data "$UNSET"` means some folder, and not the one that is taken where nothing is said."""
    if not text.strip():
        raise argparse.ArgumentTypeError("is blank; name one, or leave the option out")
    return text


def _file(text: str) -> Path:
    if not text.strip():
        raise argparse.ArgumentTypeError("is blank; name a file")
    return Path(text)


def _configure(options: argparse.Namespace) -> Conf:
    """Options on the command line are settings; they go where settings are read, and so does the environment file."""
    from backchannel.site import env_file
    from backchannel.site.place import place_of

    before = set(os.environ)
    for name in ("data", "host", "port", "workers"):
        value = getattr(options, name, None)
        if value is not None:
            os.environ[variable(name)] = value
    # The supervisor has read it for its workers.
    read = None if getattr(options, "as_worker", None) else env_file.read(options.env_file, os.environ)
    os.environ["DJANGO_SETTINGS_MODULE"] = "backchannel.site.settings"
    conf = load(os.environ)
    given = {
        name: "" if name in before or read is None else f" in {read}"
        for name, value in os.environ.items()
        if value.strip()
    }
    if options.data:
        given[variable("data")] = " (--data)"
    options.place = place_of(conf, given=given, env_file=read)
    from backchannel.site.logging import configure

    configure(conf.log_format, conf.log_level)
    if options.command is not _check and not getattr(options, "as_worker", None):
        _warn_of_unknown()
    return conf


def _warn_of_unknown() -> None:
    """A misspelt setting counts as unset: another database, say, than was meant."""
    found = unknown(os.environ)
    if found:
        import structlog

        for line in found:
            structlog.get_logger("backchannel").warning("unknown_setting", advice=line)


def _open(options: argparse.Namespace, *, migrates: bool | None = None, otherwise: str = "") -> None:
    """Get Django and the database ready. Raises `Stop`.

    `serve`, and who says `--new`, get a new one where there is none, and tables of this version; the others get what is there
    and of this version, or an error. `migrates`: whether to bring the tables up to date, where not so. `otherwise`: what to do
    where there is none, besides naming another.
    """
    from backchannel.site import folder, owner
    from backchannel.site.database_problem import DatabaseUnusable

    place = options.place
    makes = options.command is _serve or getattr(options, "new", False)
    try:
        if not makes:
            folder.make_nothing()
            place.check_exists(otherwise=otherwise)
        _act_as_owner(owner.foreign_owner(place.folder), place.folder)
        import django

        django.setup()
        from backchannel.site import state

        state.connect()
        if not makes and not state.holds_tables():
            raise place.missing(f"{state.describe()} holds no tables of Backchannel", otherwise)
        state.check_durable()
        waiting = state.unapplied()
        if waiting and migrates is not False:
            if not makes:
                raise DatabaseUnusable(
                    f"{state.describe()} is of an older version ({len(waiting)} migrations to apply); back it up, then start "
                    "the server of this version, or run: backchannel migrate"
                )
            state.migrate()
    except DatabaseUnusable as problem:
        raise Stop(str(problem)) from None


def _act_as_owner(owner: Owner | None, folder: Path) -> None:
    if owner is not None:
        from backchannel.site.owner import become

        become(owner, folder)


def _say_database(options: argparse.Namespace, *, beside_data: bool = False) -> None:
    """Where it happened. `beside_data`: what stdout says is read by programs."""
    print(f"Database: {options.place}.", file=sys.stderr if beside_data else sys.stdout)


def _serve(options: argparse.Namespace, conf: Conf) -> int:
    from backchannel.runner.start import start, start_worker

    if options.as_worker:
        start_worker(conf, options.as_worker, open_database=lambda: _open(options, migrates=False))
        return 0
    return start(
        conf,
        demo=options.demo or options.demo_passwords == "made-up",
        made_up_passwords=options.demo_passwords == "made-up",
        open_database=lambda: _open(options),
        stop=Stop,
    )


def _createuser(options: argparse.Namespace, conf: Conf) -> int:
    if options.password is not None:
        raise Stop(
            "--password shows the password to every user of this machine; leave it out and it is asked for or made up, "
            "or send it to --password-stdin"
        )
    if options.bot and options.password_stdin:
        raise Stop("--bot makes an account without a password; leave out --password-stdin")
    _open(options, otherwise=", or make a new one: backchannel serve, or backchannel createuser --new")
    from backchannel.accounts import setup_secret
    from backchannel.accounts.onboarding import NewAccount, Refused, create_account, is_set_up, set_up
    from backchannel.site.passwords import ask_or_make

    made_up = False
    password = None
    if options.password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
        if not password:
            raise Stop("--password-stdin found no password: the first line of standard input is blank")
    elif not options.bot:
        password, made_up = ask_or_make()
    newcomer = NewAccount(
        username=options.name.lower(),
        display_name=options.display_name,
        password=password,
        # Whoever sits at the server's shell decides what is good enough.
        weak_password=options.password_stdin,
    )
    first = not is_set_up()
    try:
        user = set_up("Backchannel", newcomer) if first else create_account(newcomer, owner=options.owner)
    except Refused as refusal:
        raise Stop("; ".join(" ".join(lines) for lines in refusal.errors.values())) from None
    setup_secret.discard()
    role = " and owns this server" if first or options.owner else ""
    print(f"{user.username} is here{role}." + (f" Password: {password}" if made_up else ""))
    _say_database(options, beside_data=True)
    return 0


def _setup_address(options: argparse.Namespace, conf: Conf) -> int:
    _open(options)
    from backchannel.accounts import setup_secret
    from backchannel.site.setup_address import base_of

    try:
        secret = setup_secret.prepare(conf.data)
        if secret is not None and options.new_secret:
            secret = setup_secret.renew(conf.data)
    except setup_secret.MadeElsewhere as elsewhere:
        if not options.new_secret:
            raise Stop(
                f"the secret was made on {elsewhere}, in its data folder; run this there, or make another with --new-secret"
            ) from None
        secret = setup_secret.renew(conf.data)
    if secret is None:
        raise Stop("this server has an owner already; nothing has to be set up")
    print(setup_secret.address(setup_secret.noted_base(conf.data) or base_of(conf, conf.host, conf.port), secret))
    _say_database(options, beside_data=True)
    return 0


def _token(options: argparse.Namespace, conf: Conf) -> int:
    _open(options)
    from django.contrib.auth import get_user_model

    from backchannel.accounts.lookup import issue_token

    _check_text("NAME", options.name, 200)
    _check_text("--label", options.label, 80)
    user = get_user_model()._default_manager.filter(username=options.name.lower(), is_active=True).first()
    if user is None:
        raise Stop(f"there is no active account {options.name}; make one with: backchannel createuser {options.name}")
    print(issue_token(user, options.label))
    _say_database(options, beside_data=True)
    return 0


def _check_text(name: str, text: str, longest: int) -> None:
    """What cannot be stored in every database is refused before one is asked."""
    if len(text) > longest:
        raise Stop(f"{name} has {len(text)} characters; use at most {longest}")
    if not text.isprintable():
        raise Stop(f"{name} contains a control character, or bytes that are not UTF-8; leave them out")


def _migrate(options: argparse.Namespace, conf: Conf) -> int:
    _open(options, migrates=False, otherwise=", or make a new one: backchannel serve, or backchannel migrate --new")
    from backchannel.site import state
    from backchannel.site.database_problem import DatabaseUnusable

    try:
        waiting = state.unapplied()
        state.migrate()
    except DatabaseUnusable as problem:
        raise Stop(str(problem)) from None
    print(f"{len(waiting)} migrations applied." if waiting else "The tables are up to date.")
    _say_database(options)
    return 0


def _check(options: argparse.Namespace, conf: Conf) -> int:
    from backchannel.site import folder, owner
    from backchannel.site.check import findings

    folder.make_nothing()
    _act_as_owner(owner.foreign_owner(options.place.folder), options.place.folder)
    problems = 0
    for finding in findings(conf, options.place):
        problems += finding.is_problem
        print(f"{'problem' if finding.is_problem else finding.word:9}{finding.text}")
    print("Nothing stands in the way." if not problems else f"{problems} to see to.")
    return 1 if problems else 0


def _backup(options: argparse.Namespace, conf: Conf) -> int:
    """Without Django and its models: a version that is older than the database can still save it."""
    from backchannel.site import backup, owner
    from backchannel.site.database_problem import DatabaseUnusable

    # So that what is unfinished is removed.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    place = options.place
    file = options.file.absolute()
    if options.keep and not file.is_dir():
        raise Stop(f"--keep needs a folder of backups, and {file} is none")
    try:
        backup.target(place.database, file)
        place.check_exists()
        made, content = backup.backup(place.database, file, owner.foreign_owner(place.folder))
        old = backup.forget_old(file, options.keep, made) if options.keep else []
    except DatabaseUnusable as problem:
        raise Stop(str(problem)) from None
    print(f"{made}: {made.stat().st_size:,} bytes, {content}; read again, and whole.")
    for path in old:
        print(f"{path}: deleted, as {options.keep} are kept.")
    _say_database(options)
    return 0


def _restore(options: argparse.Namespace, conf: Conf) -> int:
    from backchannel.site import backup, owner
    from backchannel.site.database_problem import DatabaseUnusable

    # So that what is unfinished is removed.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    file = options.file.absolute()
    try:
        backup.check_kind(options.place.database, file)
    except DatabaseUnusable as problem:
        raise Stop(str(problem)) from None
    _act_as_owner(owner.foreign_owner(options.place.folder), options.place.folder)
    import django

    django.setup()
    from backchannel.site import state

    try:
        with state.alone(conf.data):
            kept = backup.restore(options.place.database, file, state.known())
            state.connect()
            if state.unapplied():
                state.migrate()
    except DatabaseUnusable as problem:
        raise Stop(str(problem)) from None
    print("Restored. Clients notice, and start over from what it has.")
    if kept:
        print(f"What was there before: {kept}")
    _say_database(options)
    return 0


def _promote(options: argparse.Namespace, conf: Conf) -> int:
    _open(options)
    from backchannel.site import backup
    from backchannel.store import workspace

    workspace.set_epoch(backup.new_epoch())
    print("A new epoch has begun. Clients notice within seconds, and start over from what the database has.")
    _say_database(options)
    return 0


def _followers(options: argparse.Namespace, conf: Conf) -> int:
    _open(options)
    from backchannel.followers import report

    if options.reset is not None:
        if options.reset not in report.names():
            raise Stop(f"there is no follower {options.reset}; there are: {', '.join(report.names())}")
        report.reset(options.reset)
        print(f"{options.reset} begins anew.")
    print("\n".join(report.followers()))
    _say_database(options, beside_data=True)
    return 0


def _activity(options: argparse.Namespace, conf: Conf) -> int:
    _open(options)
    from backchannel.followers import report

    lines = report.activity(options.days)
    print("day         messages  people  rooms")
    print("\n".join(lines) if lines else "Nobody has written anything yet.")
    _say_database(options, beside_data=True)
    return 0
