"""The newest backup that `backchannel backup` made, noted in the data folder: so that a server knows of it, wherever the backup is.

Only a backup that was read from beginning to end is noted. Its path is not kept: who reads metrics need not know it.
"""

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

NAME: Final = "last-backup.json"
_BYTES: Final = 4096
"""A longer file is not ours."""


class Backup(NamedTuple):
    at_us: int
    """When it was complete, in µs since 1970."""
    size_bytes: int


def note_backup(folder: Path, backup: Backup, owner: tuple[int, int] | None = None) -> None:
    """Note it in the data folder. `owner`: user and group, where they are not this process's. Raises OSError."""
    unfinished = folder / f".{NAME}.{os.getpid()}"
    try:
        # Not through a link: the folder may belong to another user than this process's.
        opened = os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0), 0o600)
        with os.fdopen(opened, "w", encoding="utf-8") as file:
            if owner is not None:
                os.fchown(opened, *owner)
            json.dump(backup._asdict(), file)
        unfinished.replace(folder / NAME)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise


def noted_backup(file: Path) -> Backup | None:
    """The marker's content; None if there is none, or it cannot be read."""
    try:
        with file.open("rb") as opened:
            found = json.loads(opened.read(_BYTES))
        at_us, size_bytes = found["at_us"], found["size_bytes"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not all(type(number) is int and 0 <= number < 2**53 for number in (at_us, size_bytes)):
        return None
    return Backup(at_us, size_bytes)
