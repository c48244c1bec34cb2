"""The machine's limits on the server: open files and inodes."""

from __future__ import annotations

import os
import re
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from backchannel.findings import Finding

_ENOUGH_FILES: Final = 4096
_ADVICE: Final = "LimitNOFILE=65536   # in the unit; or: ulimit -n 65536"
_FEW_INODES: Final = 0.02


def examine(folder: Path) -> Iterator[Finding]:
    """`folder`: the data folder."""
    yield _open_files(folder)
    found = _inodes(folder)
    if found is not None:
        yield found


def _open_files(folder: Path) -> Finding:
    pid = _serving(folder)
    limit = _limit_of(pid) if pid else None
    whose = "the running server" if limit is not None else "a server started from here"
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0] if limit is None else limit
    text = f"{whose} may open {allowed:,} files; each connection takes one"
    if allowed < _ENOUGH_FILES:
        return Finding("D112", "note", text, _ADVICE)
    return Finding("D112", "ok", text)


def _serving(folder: Path) -> int | None:
    """The process that holds the data folder, if it still runs."""
    try:
        pid = int((folder / "serving.lock").read_text().strip())
    except (OSError, ValueError):
        return None
    return pid if Path(f"/proc/{pid}").exists() else None


def _limit_of(pid: int) -> int | None:
    try:
        found = re.search(r"Max open files\s+(\d+)", Path(f"/proc/{pid}/limits").read_text())
    except OSError:
        return None
    return int(found[1]) if found else None


def _inodes(folder: Path) -> Finding | None:
    try:
        found = os.statvfs(folder)
    except OSError:
        return None
    if not found.f_files or found.f_favail / found.f_files >= _FEW_INODES:
        return None  # many file systems have no fixed number
    return Finding("D104", "problem", f"the disk of {folder} has {found.f_favail:,} of {found.f_files:,} inodes left")
