"""The data folder: created on demand, private to the user that runs the server.

Every file that a process of the standalone app creates is readable by its user only (umask 077). Files that an older version or a
copy left readable for others are closed at each start.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

from backchannel.evidence import EVIDENCE_FILE
from backchannel.site.conf import SHORTEST_KEY, SettingError

SECRET_KEY_FILE = "secret_key"
OLDER_KEYS = 3
"""Rotations that a signature survives."""
PRIVATE_UMASK = 0o077
OPEN_TO_OTHERS = stat.S_IRWXG | stat.S_IRWXO

# SQLite's names for the files beside a database, and ours for those that `restore` leaves there.
_OF_A_DATABASE = ("", "-wal", "-shm", "-journal", ".before-restore", ".coming")

_makes_nothing = False


def make_nothing() -> None:
    """From now on, create no data folder and no new file in one. For commands that only look at an existing server."""
    global _makes_nothing
    _makes_nothing = True


def prepare_folder(folder: Path) -> None:
    """Create `folder`, readable by its owner only, and check that files can be written there.

    Sets the umask of the process. Raises `SettingError` with the folder and the reason.
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
    """Raise `SettingError` if no file can be created in `folder`."""
    probe = folder / f".writable-{os.getpid()}-{secrets.token_hex(4)}"
    try:
        probe.touch()
        probe.unlink()
    except OSError as problem:
        raise SettingError(f"cannot write to the data folder {folder}: {problem.strerror}") from None


def private_files(folder: Path, database: Path | None) -> Iterator[Path]:
    """Files that only the server's user may read: everything in `folder`, uploads included, and the SQLite file, wherever it is.

    Symbolic links are skipped: their targets belong to others.
    """
    if database is not None:
        beside = [database.with_name(database.name + ending) for ending in _OF_A_DATABASE]
        beside += [database.with_name(EVIDENCE_FILE + ending) for ending in ("", "-wal", "-shm")]
        # Databases kept by restores on different days have different suffixes.
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
    """The private files that other users may read or write."""
    return [path for path in private_files(folder, database) if path.stat().st_mode & OPEN_TO_OTHERS]


def close_to_others(folder: Path, database: Path | None) -> tuple[list[Path], list[Path]]:
    """Remove other users' permissions. Returns the files that were closed, and those that could not be because another user owns them."""
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
    """The secret key kept in this folder; generated at the first call. Raises `SettingError`."""
    return _kept_keys(folder)[0]


def older_secret_keys(folder: Path) -> list[str]:
    """Former secret keys, the newest first; what they signed stays valid. Raises `SettingError`."""
    return _kept_keys(folder)[1:]


def rotate_secret_key(folder: Path, *, forget: bool = False) -> int:
    """Write a new secret key before those in the file, or in their place (`forget`). Returns how many older ones are kept: those of the last
    `OLDER_KEYS` rotations. Servers read the file when they start. Raises `SettingError`."""
    older = [] if forget else _kept_keys(folder)[:OLDER_KEYS]
    path = folder / SECRET_KEY_FILE
    draft = _draft_of_keys(path, [secrets.token_urlsafe(64), *older])
    draft.replace(path)
    sync(folder)
    return len(older)


def _kept_keys(folder: Path) -> list[str]:
    path = folder / SECRET_KEY_FILE
    if _makes_nothing and not path.exists():
        return [secrets.token_urlsafe(64)]  # for this process only: what it signs is never checked later
    try:
        if not path.exists():
            _make_secret_key(path)
        keys = path.read_text("utf-8").split()
    except OSError as problem:
        raise SettingError(f"cannot use {path}: {problem.strerror}") from None
    if not keys or any(len(key) < SHORTEST_KEY for key in keys):
        raise SettingError(
            f"{path} holds no usable key; remove it to have a new one made (everyone is signed out then)"
        )
    return keys


def sync(path: Path) -> None:
    """Return when this file, or this folder's directory entries, are on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _make_secret_key(path: Path) -> None:
    # Of two processes that start at once, one link fails, and both read the same key.
    draft = _draft_of_keys(path, [secrets.token_urlsafe(64)])
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _draft_of_keys(path: Path, keys: list[str]) -> Path:
    """A complete file beside `path`, on disk, which only has to be given its name."""
    draft = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write("".join(f"{key}\n" for key in keys))
        file.flush()
        os.fsync(file.fileno())
    return draft
