"""Lets commands run by root act as the owner of the data folder, so that files beside a service remain the service's."""

from __future__ import annotations

import ctypes
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from struct import pack, unpack_from

from backchannel.site.conf import SettingError

_PR_SET_KEEPCAPS = 8
_CAP_DAC_READ_SEARCH = 1 << 2
_CAPABILITY_VERSION_3 = 0x20080522


@dataclass(frozen=True, slots=True)
class Owner:
    uid: int
    gid: int


def foreign_owner(folder: Path) -> Owner | None:
    """The owner of `folder`, if this process runs as root and the folder belongs to another user; else None."""
    if sys.platform == "win32" or os.geteuid() != 0:
        return None
    try:
        found = folder.stat()
    except OSError:
        return None
    return Owner(found.st_uid, found.st_gid) if found.st_uid != 0 else None


def become(owner: Owner, folder: Path) -> None:
    """Switch this process to `owner` for good. Raises `SettingError` if that user cannot reach the folder from here.

    On Linux the right to read everything is kept: the state folder of a service with a dynamic user lies in a folder that only root
    may enter, and a backup to be restored may belong to root.
    """
    keeps = sys.platform == "linux" and ctypes.CDLL(None).prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0
    os.setgroups([owner.gid])
    os.setresgid(owner.gid, owner.gid, owner.gid)
    os.setresuid(owner.uid, owner.uid, owner.uid)
    if keeps:
        _keep_reading_right()
    try:
        with os.scandir(folder):
            pass
    except OSError:
        raise SettingError(
            f"{folder} belongs to user {owner.uid}, and root cannot act as that user here; run the command as them: "
            f"docker exec --user {owner.uid}:{owner.gid} …, or setpriv --reuid={owner.uid} --regid={owner.gid} "
            "--clear-groups backchannel …"
        ) from None


def _keep_reading_right() -> None:
    """Keep only this one of root's capabilities that survived the change of user."""
    libc = ctypes.CDLL(None)
    header = ctypes.create_string_buffer(pack("=Ii", _CAPABILITY_VERSION_3, 0))
    data = ctypes.create_string_buffer(24)
    if libc.capget(header, data) != 0:
        return
    _, permitted, _ = unpack_from("=III", data.raw)
    kept = permitted & _CAP_DAC_READ_SEARCH
    libc.capset(header, ctypes.create_string_buffer(pack("=6I", kept, kept, 0, 0, 0, 0), 24))
