"""The data folder: made when it is not there, private to the user that runs the server.

Whatever a process of the standalone app makes is readable by its user alone (umask 077), and what an older version or a copy
left readable for others is closed at each start.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

from backchannel.site.conf import SHORTEST_KEY, SettingError

SECRET_KEY_FILE = "secret_key"
PRIVATE_UMASK = 0o077
OPEN_TO_OTHERS = stat.S_IRWXG | stat.S_IRWXO

# SQLite's own names for what belongs to a database file, and ours for what `restore` leaves beside it.
_OF_A_DATABASE = ("", "-wal", "-shm", "-journal", ".before-restore", ".coming")

_makes_nothing = False


def make_nothing() -> None:
    """From now on this process makes no data folder and keeps nothing new in one: it came to look at what is there."""
    global _makes_nothing
    _makes_nothing = True


def prepare_folder(folder: Path) -> None:
    """Make `folder`, readable by its owner alone, and check that files can be written there.

    From here on this process makes nothing that others may read. Raises `SettingError` naming the folder and the reason.
    """
    os.umask(PRIVATE_UMASK)
    if _makes_nothing:
        return
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except FileExistsError:
        raise SettingError(f"{folder} is not a folder; choose another with --data or BACKCHANNEL_DATA") from None
    except OSError as problem:
        raise SettingError(f"cannot make the data folder {folder}: {problem.strerror}") from None
    check_writable(folder)


def check_writable(folder: Path) -> None:
    """Raises `SettingError` where no file can be made in `folder`."""
    probe = folder / f".writable-{os.getpid()}-{secrets.token_hex(4)}"
    try:
        probe.touch()
        probe.unlink()
    except OSError as problem:
        raise SettingError(f"cannot write to the data folder {folder}: {problem.strerror}") from None


def private_files(folder: Path, database: Path | None) -> Iterator[Path]:
    """What nobody but the server's user may read: all that lies in `folder`, uploads too, and the SQLite file, wherever it is.

    Links are left out: what they lead to is somebody else's.
    """
    if database is not None:
        beside = [database.with_name(database.name + ending) for ending in _OF_A_DATABASE]
        # Two restores of different days are kept under names of their own.
        beside += sorted(database.parent.glob(f"{database.name}.before-restore*"))
        yield from dict.fromkeys(path for path in beside if path.is_file() and not path.is_symlink())
    uploads = folder / "uploads"
    if uploads.is_dir() and not uploads.is_symlink():
        yield uploads
    for name in (SECRET_KEY_FILE, "setup_secret", "serving.lock"):
        path = folder / name
        if path.is_file() and not path.is_symlink():
            yield path


def open_to_others(folder: Path, database: Path | None) -> list[Path]:
    """Those of the private files that others may read or write."""
    return [path for path in private_files(folder, database) if path.stat().st_mode & OPEN_TO_OTHERS]


def close_to_others(folder: Path, database: Path | None) -> tuple[list[Path], list[Path]]:
    """Take the rights of others away: the files that were closed, and those that belong to another user and stay as they are."""
    closed, left = [], []
    for path in open_to_others(folder, database):
        try:
            path.chmod(stat.S_IMODE(path.stat().st_mode) & ~OPEN_TO_OTHERS)
        except OSError:
            left.append(path)
        else:
            closed.append(path)
    return closed, left


def kept_secret_key(folder: Path) -> str:
    """The secret key that this folder keeps; made at the first call. Raises `SettingError`."""
    path = folder / SECRET_KEY_FILE
    if _makes_nothing and not path.exists():
        return secrets.token_urlsafe(64)  # signs nothing that is looked at after this process
    try:
        if not path.exists():
            _make_secret_key(path)
        key = path.read_text("utf-8").strip()
    except OSError as problem:
        raise SettingError(f"cannot use {path}: {problem.strerror}") from None
    if len(key) < SHORTEST_KEY:
        raise SettingError(f"{path} holds no usable key; remove it and a new one is made (all are signed out then)")
    return key


def sync(path: Path) -> None:
    """Return when this file, or this folder's list of files, is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _make_secret_key(path: Path) -> None:
    # Written whole under another name and then linked: of two processes that start at once, one link
    # fails and both read the same key.
    draft = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(secrets.token_urlsafe(64) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
    finally:
        draft.unlink()
