"""The commands `backup`, `restore` and `promote`."""

from __future__ import annotations

import argparse
import signal
import sys
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from backchannel.cli.setup import Stop, act_as_owner, open_database, print_database
from backchannel.site.conf import Conf

if TYPE_CHECKING:
    from backchannel.site.owner import Owner


def backup(options: argparse.Namespace, conf: Conf) -> int:
    """Uses neither Django nor its models, so that a version older than the database can still back it up."""
    from backchannel.site import backup, owner
    from backchannel.site.database_problem import DatabaseUnusable

    # SIGTERM raises KeyboardInterrupt, so that the unfinished file is removed.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    choice = options.choice
    file = options.file.absolute()
    if options.keep and not file.is_dir():
        raise Stop(f"--keep needs a folder of backups, and {file} is not a folder")
    try:
        backup.target(choice.database, file)
        choice.check_exists()
        made, content = backup.backup(choice.database, file, owner.foreign_owner(choice.folder))
        _note(choice.folder, made, owner.foreign_owner(choice.folder))
        old = backup.forget_old(file, options.keep, made) if options.keep else []
    except DatabaseUnusable as problem:
        raise Stop(str(problem)) from None
    print(f"{made}: {made.stat().st_size:,} bytes, {content}; verified.")
    for path in old:
        print(f"{path}: deleted; --keep is {options.keep}.")
    print_database(options)
    return 0


def _note(folder: Path, made: Path, owner: Owner | None) -> None:
    """Note the backup in the data folder, for servers there. Where there is none, as beside a PostgreSQL elsewhere, nobody would read it."""
    from backchannel.store.backup_marker import Backup, note_backup

    if not folder.is_dir():
        return
    try:
        size = made.stat().st_size
        note_backup(folder, Backup(time.time_ns() // 1000, size), None if owner is None else (owner.uid, owner.gid))
    except OSError as problem:
        print(
            f"The backup could not be noted in {folder}: {problem.strerror}. Metrics of its age stay as they were.",
            file=sys.stderr,
        )


def restore(options: argparse.Namespace, conf: Conf) -> int:
    from backchannel.site import backup, owner
    from backchannel.site.database_problem import DatabaseUnusable

    # SIGTERM raises KeyboardInterrupt, so that the unfinished file is removed.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    choice = options.choice
    file = options.file.absolute()
    try:
        backup.check_kind(choice.database, file)
    except DatabaseUnusable as problem:
        raise Stop(str(problem)) from None
    act_as_owner(owner.foreign_owner(choice.folder), choice.folder)
    import django

    django.setup()
    from backchannel.site import state

    try:
        with state.alone(conf.data):
            kept = backup.restore(choice.database, file, state.known())
            state.connect()
            if state.unapplied():
                state.migrate()
    except DatabaseUnusable as problem:
        raise Stop(str(problem)) from None
    print("Restored, with a new epoch: clients discard their state and reload.")
    if kept:
        print(f"The previous database was kept: {kept}")
    print_database(options)
    return 0


def promote(options: argparse.Namespace, _: Conf | None) -> int:
    open_database(options)
    from backchannel.store import workspace

    workspace.set_epoch(uuid.uuid4().hex)
    print("Started a new epoch. Clients notice within seconds, discard their state and reload.")
    print_database(options)
    return 0
