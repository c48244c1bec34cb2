"""Is there a recent backup, and can it be restored?"""

from __future__ import annotations

import secrets
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from backchannel.doctor.report import Progress
from backchannel.findings import Finding
from backchannel.site import backup, backup_postgres, backup_sqlite
from backchannel.site.backup_content import Content
from backchannel.site.database_problem import DatabaseUnusable

OLD_H: Final = 26
"""A daily backup is a little late at times."""
_ENDINGS: Final = (".sqlite3", ".dump")


@dataclass(frozen=True, slots=True)
class Asked:
    folder: Path
    drill: bool
    """Restore the newest to a temporary database."""


def examine(database: Mapping[str, Any], asked: Asked, progress: Progress) -> Iterator[Finding]:
    """D117, and D118 where it is asked for."""
    try:
        made = sorted(
            (path for path in asked.folder.iterdir() if path.suffix in _ENDINGS), key=lambda path: path.stat().st_mtime
        )
    except OSError as problem:
        made, why = [], f": {problem.strerror}"
    else:
        why = ""
    if not made:
        yield Finding(
            "D117",
            "note",
            f"there is no backup in {asked.folder}{why}; name another folder with --backups",
            "systemctl enable --now backchannel-backup.timer",
        )
    else:
        yield _age(made[-1])
    if asked.drill:
        yield drill(database, made[-1] if made else None, progress)


def _age(newest: Path) -> Finding:
    hours = (time.time() - newest.stat().st_mtime) / 3600
    if hours > OLD_H:
        return Finding("D117", "problem", f"the newest backup, {newest}, is {hours:,.0f} hours old")
    return Finding("D117", "ok", f"the newest backup, {newest}, is {hours:.1f} hours old")


def drill(database: Mapping[str, Any], file: Path | None, progress: Progress) -> Finding:
    """D118: restore `file`, or a backup made now if there is none, to a temporary database, and compare what is in both."""
    started = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="backchannel-drill-") as made:
            folder = Path(made)
            if file is None:
                progress("making a backup for the restore drill")
                file, _ = backup.backup(database, folder / f"drill{_ENDINGS[not backup.is_sqlite(database)]}")
            progress(f"restoring {file.name} to a temporary database")
            saved, restored = _restore(database, file, folder)
    except (DatabaseUnusable, OSError, sqlite3.Error) as problem:
        return Finding("D118", "problem", f"the restore drill failed: {problem}")
    lost = {name for name, count in saved.rows.items() if restored.rows.get(name, 0) != count}
    if lost:
        return Finding("D118", "problem", f"the restored database differs from {file} in {', '.join(sorted(lost))}")
    took = time.monotonic() - started
    return Finding("D118", "ok", f"{file} was restored in {took:.0f} s to a temporary database: {restored}")


def _restore(database: Mapping[str, Any], file: Path, folder: Path) -> tuple[Content, Content]:
    """The contents of the backup, and of the database restored from it. Raises `DatabaseUnusable`."""
    if backup.is_sqlite(database):
        target = folder / "restored.sqlite3"
        saved = backup_sqlite.read(file)
        backup_sqlite.restore(file, target, backup.new_epoch(), saved.migrations)
        return saved, backup_sqlite.read(target)
    saved = backup_postgres.read(file, backup_postgres.program_for(database, "pg_restore"))
    with _temporary_postgres(database) as temporary:
        backup_postgres.restore(file, temporary, backup.new_epoch(), saved.migrations)
        again, content = backup.backup(temporary, folder / "again.dump")
        again.unlink()
        return saved, content


class _temporary_postgres:  # noqa: N801 - used as a function
    """A database beside `database` on the same server; dropped at the end. Raises `DatabaseUnusable`."""

    def __init__(self, database: Mapping[str, Any]) -> None:
        self._database = database
        self._name = f"backchannel_drill_{secrets.token_hex(6)}"

    def __enter__(self) -> Mapping[str, Any]:
        self._execute(f'CREATE DATABASE "{self._name}"')
        return {**self._database, "NAME": self._name}

    def __exit__(self, *_: object) -> None:
        self._execute(f'DROP DATABASE IF EXISTS "{self._name}" WITH (FORCE)')

    def _execute(self, statement: str) -> None:
        import psycopg

        try:
            with backup_postgres.connect(self._database, autocommit=True) as connection:
                connection.execute(statement.encode())
        except psycopg.Error as problem:
            reason = str(problem).strip().splitlines()[0]
            raise DatabaseUnusable(f"no temporary database can be made ({reason}); let the user CREATEDB") from None
