"""What every command does first: read settings and environment file, choose the database and open it.

Only `serve`, `restore` and `--new` create a data folder or a database. Modules are imported by the functions that need them, so that
`--help` does not wait for Django.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from backchannel.site.conf import Conf, load, unknown, variable

if TYPE_CHECKING:
    from backchannel.site.owner import Owner


class Stop(Exception):
    """Ends the command: `str(stop)` is printed as one line on stderr, and the exit status is 2."""


def configure(options: argparse.Namespace) -> Conf:
    """Read the settings and set `options.choice`, the database that the command works on. Raises `SettingError`.

    Options and the environment file are copied into `os.environ`, because Django's settings read them from there.
    """
    from backchannel.site import env_file
    from backchannel.site.database_choice import choose_database

    before = set(os.environ)
    for name in ("data", "host", "port", "workers"):
        value = getattr(options, name, None)
        if value is not None:
            os.environ[variable(name)] = value
    # Workers inherit the variables that the supervisor has read.
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
    options.choice = choose_database(conf, given=given, env_file=read)
    from backchannel.site.logging import configure as configure_logging

    configure_logging(conf.log_format, conf.log_level)
    if options.command_name not in {"check", "doctor"} and not getattr(options, "as_worker", None):
        _warn_about_unknown_settings()
    return conf


def _warn_about_unknown_settings() -> None:
    """A misspelt setting counts as unset, which may select another database than the one that was meant."""
    found = unknown(os.environ)
    if found:
        from backchannel.process_log import ProcessLog

        for line in found:
            ProcessLog("backchannel").warning("unknown_setting", advice=line)


def open_database(options: argparse.Namespace, *, migrates: bool | None = None, otherwise: str = "") -> None:
    """Set up Django and connect to the database. Raises `Stop`.

    `serve` and `--new` create a missing database and migrate an old one. Any other command stops in both cases.
    `options.choice` is None for a Django site's own database. `migrates=False` leaves the tables as they are. `otherwise` is added to the error about a missing database: how to create one.
    """
    from backchannel.site import folder, owner
    from backchannel.site.database_problem import DatabaseUnusable

    choice = options.choice
    if choice is None:  # a Django site's manage.py has set up everything
        _check_migrated()
        return
    creates = options.command_name == "serve" or getattr(options, "new", False)
    try:
        if not creates:
            folder.make_nothing()
            choice.check_exists(otherwise=otherwise)
        act_as_owner(owner.foreign_owner(choice.folder), choice.folder)
        import django

        django.setup()
        from backchannel.site import state

        state.connect()
        if not creates and not state.holds_tables():
            raise choice.missing(f"{state.describe()} holds no tables of Backchannel", otherwise)
        state.check_durable()
        waiting = state.unapplied()
        if waiting and migrates is not False:
            if not creates:
                raise DatabaseUnusable(
                    f"{state.describe()} was made by an older version ({len(waiting)} migrations to apply); back it up, then "
                    "start the server of this version, or run: backchannel migrate"
                )
            state.migrate()
    except DatabaseUnusable as problem:
        raise Stop(str(problem)) from None


def _check_migrated() -> None:
    """Raises `Stop` if the site's database lacks tables of the chat."""
    from backchannel.doctor.inside.django_site import waiting_migrations

    waiting = waiting_migrations()
    if waiting:
        raise Stop(f"the database lacks {waiting} migrations; run: manage.py migrate")


def act_as_owner(owner: Owner | None, folder: Path) -> None:
    """Switch this process to `owner`, the user that `folder` belongs to. None: stay as we are."""
    if owner is not None:
        from backchannel.site.owner import become

        become(owner, folder)


def print_database(options: argparse.Namespace, *, to_stderr: bool = False) -> None:
    """Print which database the command worked on. `to_stderr`: stdout holds a result that programs read. A site's is its own."""
    if options.choice is None:
        return
    print(f"Database: {options.choice}.", file=sys.stderr if to_stderr else sys.stdout)
