"""A copy of the files beside a backup of the database, and back. Blobs never change, so that a copy is only added to.

A file in the copy has the time at which it was last needed, so that what no backup needs can be deleted from it.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from backchannel.files.storage import PIECE_BYTES, FileStore
from backchannel.store import uploads


class Copied(NamedTuple):
    """`files` with `size` bytes were copied now, `there` were there before; `lost`: keys that the source does not have; `forgotten`: files
    deleted from the copy."""

    files: int
    size: int
    there: int
    lost: list[str]
    forgotten: int = 0


def copy_out(files: FileStore, folder: Path, keep_days: int | None = None) -> Copied:
    """Copy every file that a message or an upload has, and that is not in `folder` yet. Made within an hour after a backup of the
    database, the copy has all that the backup needs: what is deleted meanwhile stays in the storage for an hour. `keep_days`: then delete
    from the copy what was not needed for so long; None: nothing. Blocks."""
    began = time.time()
    copied, size, there, lost = 0, 0, 0, []
    for key, length in _needed():
        target = folder / key
        if target.is_file() and target.stat().st_size == length:
            os.utime(target)
            there += 1
            continue
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = target.with_name(f".{target.name}.unfinished")
        try:
            with files.reading(key) as source, draft.open("wb") as written:
                shutil.copyfileobj(source, written, PIECE_BYTES)
                written.flush()
                os.fsync(written.fileno())
        except FileNotFoundError:
            draft.unlink(missing_ok=True)
            lost.append(key)
            continue
        draft.replace(target)
        copied, size = copied + 1, size + length
    forgotten = 0 if keep_days is None else _forget(folder, began - keep_days * 24 * 3600)
    return Copied(copied, size, there, lost, forgotten)


def _forget(folder: Path, before: float) -> int:
    """Delete the files of the copy that were last needed before this time. Returns their number."""
    old = [path for path in (folder / "blobs").glob("??/*") if path.stat().st_mtime < before]
    for path in old:
        path.unlink()
    return len(old)


def copy_in(files: FileStore, folder: Path) -> Copied:
    """Put back every file that the database knows, and that is not in the storage. Blocks."""
    copied, size, there, lost = 0, 0, 0, []
    for key, length in _needed():
        if files.exists(key):
            there += 1
            continue
        source = folder / key
        if not source.is_file():
            lost.append(key)
            continue
        path = files.new_temporary()
        try:
            shutil.copyfile(source, path)
            files.keep(path, key)
        finally:
            path.unlink(missing_ok=True)
        copied, size = copied + 1, size + length
    return Copied(copied, size, there, lost)


def _needed() -> Iterator[tuple[str, int]]:
    after = ""
    while page := uploads.used_blobs(after):
        yield from page
        after = page[-1][0]
