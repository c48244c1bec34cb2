"""Backups: made while the server runs, restored while it does not.

A restored backup, like a promoted standby, may assign a seq to another event than before. So both begin a new epoch: clients see it at
their next hello, drop their cursors and start over.

`backup` uses no models, and only tables that every version has, so that a version older than the database can still back it up. A
backup gets its name only after it has been read from beginning to end.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from backchannel.site import backup_postgres, backup_sqlite
from backchannel.site.backup_content import Content
from backchannel.site.database import describe
from backchannel.site.database_problem import DatabaseUnusable
from backchannel.site.folder import sync
from backchannel.site.owner import Owner

_DATED = "backchannel-%Y%m%dT%H%M%SZ"
_IS_DATED = re.compile(r"backchannel-\d{8}T\d{6}Z\.(sqlite3|dump)")

Database = Mapping[str, Any]
"""An entry of Django's DATABASES."""


def backup(database: Database, file: Path, owner: Owner | None = None) -> tuple[Path, Content]:
    """Write a consistent copy of the database to `file`. Returns where it is and what is in it. Raises `DatabaseUnusable`.

    SQLite: a database file. PostgreSQL: `pg_dump`'s custom format. If `file` is a folder, the backup gets a dated name in it. The file
    appears complete or not at all, readable by its owner only, and never replaces one. `owner`: the user to run pg_dump as.
    """
    file = target(database, file)
    try:
        with _unfinished(file) as unfinished:
            if is_sqlite(database):
                content = backup_sqlite.copy(Path(database["NAME"]), unfinished)
            else:
                content = backup_postgres.dump(database, unfinished, owner)
            sync(unfinished)
            _give_name(unfinished, file)
            sync(file.parent)
    except OSError as problem:
        raise DatabaseUnusable(f"cannot write {file}: {problem.strerror}") from None
    return file, content


def target(database: Database, file: Path) -> Path:
    """The path that a backup to `file` will have. Raises `DatabaseUnusable` if it cannot be written there."""
    if file.is_dir():
        file = file / (datetime.now(UTC).strftime(_DATED) + (".sqlite3" if is_sqlite(database) else ".dump"))
    if file.exists() or file.is_symlink():
        raise DatabaseUnusable(f"{file} exists already; a backup never replaces a file")
    if not file.parent.is_dir():
        raise DatabaseUnusable(f"there is no folder {file.parent}")
    return file


def forget_old(folder: Path, keep: int, made: Path) -> list[Path]:
    """Delete all dated backups in `folder` except `keep` of them: `made`, even if a clock that was set back dated it earlier, and the
    newest others. Returns those deleted. Raises `DatabaseUnusable`."""
    try:
        dated = sorted(path for path in folder.iterdir() if _IS_DATED.fullmatch(path.name) and path.name != made.name)
        old = dated[: len(dated) - (keep - 1)] if len(dated) >= keep else []
        for path in old:
            path.unlink(missing_ok=True)
    except OSError as problem:
        raise DatabaseUnusable(f"{made} is complete, but older backups cannot be deleted: {problem.strerror}") from None
    return old


def restore(database: Database, file: Path, known: set[tuple[str, str]]) -> Path | None:
    """Replace the database's content with the backup, under a new epoch. Raises `DatabaseUnusable`, and nothing has changed then.

    The caller ensures that no server runs. `known`: this version's migrations; a backup with others is refused.
    On SQLite, the previous database is kept beside the new one, and its path returned.
    """
    check_kind(database, file)
    if is_sqlite(database):
        return backup_sqlite.restore(file, Path(database["NAME"]), new_epoch(), known)
    backup_postgres.restore(file, database, new_epoch(), known)
    return None


def check_kind(database: Database, file: Path) -> None:
    """Raise `DatabaseUnusable` if `file` cannot be a backup of this kind of database. Makes and changes nothing."""
    try:
        if file.exists() and not file.is_file():
            raise DatabaseUnusable(f"cannot read {file}: it is not a file")
        with file.open("rb") as opened:
            magic = opened.read(16)
    except OSError as problem:
        raise DatabaseUnusable(f"cannot read {file}: {problem.strerror}") from None
    if magic == backup_sqlite.MAGIC:
        kind = "of SQLite"
    elif magic[:5] == b"PGDMP":
        kind = "of PostgreSQL"
    else:
        raise DatabaseUnusable(f"{file} is not a backup" + ("" if magic else ": it is empty"))
    if kind != ("of SQLite" if is_sqlite(database) else "of PostgreSQL"):
        raise DatabaseUnusable(
            f"{file} is not a backup of this kind of database: it is {kind}, but would be restored to {describe(database)}. Name the "
            "database it belongs to (BACKCHANNEL_DATABASE_URL, or --env-file)"
        )


def new_epoch() -> str:
    """A name that no epoch has had before."""
    return uuid.uuid4().hex


def is_sqlite(database: Database) -> bool:
    return bool(database["ENGINE"].endswith("sqlite3"))


@contextmanager
def _unfinished(file: Path) -> Iterator[Path]:
    """An empty temporary file beside `file`, readable by its owner only; removed afterwards."""
    path = file.with_name(f".{file.name}.{secrets.token_hex(16)}.unfinished")
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        yield path
    finally:
        path.unlink(missing_ok=True)


def _give_name(unfinished: Path, file: Path) -> None:
    # Unlike a rename, a link cannot replace a file that was created in the meantime.
    try:
        os.link(unfinished, file)
    except FileExistsError:
        raise DatabaseUnusable(f"{file} exists already; a backup never replaces a file") from None
    except OSError as problem:
        if problem.errno not in {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}:
            raise
        unfinished.rename(file)  # a file system without links
