"""The data folder: made when it is not there, private to the user that runs the server."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from backchannel.site.conf import SettingError

SECRET_KEY_FILE = "secret_key"

_makes_nothing = False


def make_nothing() -> None:
    """From now on this process makes no data folder and keeps nothing new in one: it came to look at what is there."""
    global _makes_nothing
    _makes_nothing = True


def prepare_folder(folder: Path) -> None:
    """Make `folder`, readable by its owner alone, and check that files can be written there.

    Raises `SettingError` naming the folder and the reason.
    """
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
    if len(key) < 32:
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
