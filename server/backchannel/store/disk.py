"""Is there space to write? Readiness asks before traffic is sent to a node, and a refused send is answered with it.

The disk counts as full if too little is free where SQLite keeps its file, or if a commit failed for lack of space, on either
database, and none has succeeded since.
"""

import errno
import os
from pathlib import Path
from typing import Final, NamedTuple

from django.db import connection

from backchannel.protocol.errors import Code, CommandError

FLOOR_BYTES: Final = 16 * 1024 * 1024
FLOOR_SHARE: Final = 50
"""The disk is full with less than FLOOR_BYTES free; a small disk, with less than 1/FLOOR_SHARE of its size free."""
RETRY_AFTER_S: Final = 10.0

_SQLITE_FULL: Final = 13
_SQLITE_IOERR: Final = 10
_POSTGRES_FULL: Final = "53100"


class Space(NamedTuple):
    """Bytes."""

    free: int
    size: int

    @property
    def is_full(self) -> bool:
        return self.free < min(FLOOR_BYTES, self.size // FLOOR_SHARE)


class Disk:
    """The writer's observations of the disk. Written by its thread, read by the event loop."""

    def __init__(self) -> None:
        self.refused = False
        """A commit failed for lack of space, and none has succeeded since."""

    @property
    def is_full(self) -> bool:
        found = space()
        return self.refused or (found is not None and found.is_full)


def folder() -> Path | None:
    """The folder of the database's file; None if the database is not a file on this machine."""
    if connection.vendor != "sqlite":
        return None
    return Path(connection.settings_dict["NAME"]).parent


def space(of: Path | None = None) -> Space | None:
    """Space on the disk of `of` (default: the database's file). None if unknown."""
    place = of or folder()
    try:
        found = os.statvfs(place) if place is not None else None
    except OSError:
        return None
    return Space(found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize) if found else None


def is_full(error: BaseException) -> bool:
    """Whether this database error means lack of space."""
    cause = error.__cause__ or error
    if getattr(cause, "sqlstate", None) == _POSTGRES_FULL:
        return True
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    # SQLite reports an I/O error if it cannot extend its log or its index.
    found = space() if code == _SQLITE_IOERR else None
    return code == _SQLITE_FULL or (found is not None and found.is_full)


def is_no_space(error: OSError) -> bool:
    """Whether this error of a file means lack of space."""
    return error.errno in {errno.ENOSPC, errno.EDQUOT}


def full() -> CommandError:
    return CommandError(
        Code.UNAVAILABLE,
        f"The server's disk is full, so nothing can be stored. Retry in {RETRY_AFTER_S:.0f} s.",
        retry_after=RETRY_AFTER_S,
    )
