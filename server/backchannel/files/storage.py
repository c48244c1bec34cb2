"""Where files are: a storage of Django's, used through threads of its own, so that a slow one delays no read of the database.

    parts/{upload}/{offset}-{random}     pieces, until the upload is whole and checked
    blobs/{two digits}/{random}          what is served; never changed, and no name is used twice

A name tells nothing, and no request contains one.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, Final, ParamSpec, TypeVar, cast
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.files import File
from django.core.files.storage import FileSystemStorage, Storage, storages

from backchannel.config import S3
from backchannel.store import disk

P = ParamSpec("P")
T = TypeVar("T")

THREADS: Final = 8
PIECE_BYTES: Final = 256 * 1024
"""The size of the part of a file that is in memory at a time."""
RESERVE_BYTES: Final = 512 * 1024 * 1024
RESERVE_SHARE: Final = 20
"""Files leave so much of their disk free; on a small disk, 1/RESERVE_SHARE of it."""
ALIAS: Final = "chat"
"""The key in Django's STORAGES."""
INCOMING: Final = "incoming"


class SyncedStorage(FileSystemStorage):
    """Files in a folder, each on disk before `save` returns, readable by the server's user alone."""

    def __init__(self, location: str) -> None:
        super().__init__(location=location, file_permissions_mode=0o600, directory_permissions_mode=0o700)

    def _save(self, name: str, content: Any) -> str:
        kept = cast("str", super()._save(name, content))  # type: ignore[misc]
        path = Path(self.path(kept))
        _sync(path)
        for folder in path.parents:
            _sync(folder)
            if folder == Path(self.location).parent:
                break
        return kept


class FileStore:
    """The storage of one chat, and its threads. They start with the first file."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._threads: ThreadPoolExecutor | None = None

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call in a thread."""
        if self._threads is None:
            self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="files")
        return await asyncio.wrap_future(self._threads.submit(function, *args, **kwargs))

    def close(self) -> None:
        """End the threads. Blocks until they have ended. The store may be used again."""
        threads, self._threads = self._threads, None
        if threads is not None:
            threads.shutdown(wait=True, cancel_futures=True)

    # Everything below blocks.

    @contextmanager
    def temporary(self, name: str = "file") -> Iterator[Path]:
        """A path in a new folder that is deleted afterwards; on the disk of the storage, so that keeping a file is renaming it."""
        with tempfile.TemporaryDirectory(prefix="chat-", dir=self._incoming(), ignore_cleanup_errors=True) as folder:
            yield Path(folder) / name

    def new_temporary(self) -> Path:
        """An empty temporary file, which its caller deletes."""
        handle, path = tempfile.mkstemp(prefix="chat-", dir=self._incoming())
        os.close(handle)
        return Path(path)

    def keep(self, path: Path, key: str) -> str:
        """Store the file under this key, or one that resembles it if that is taken, and return the key. `path` may be gone then."""
        with path.open("rb") as opened:
            return self._storage.save(key, _OnDisk(opened, path))

    @contextmanager
    def reading(self, key: str) -> Iterator[BinaryIO]:
        """Raises FileNotFoundError."""
        with self._storage.open(key, "rb") as opened:
            yield cast("BinaryIO", opened)

    def open(self, key: str) -> BinaryIO:
        """Like `reading`, but the caller closes it."""
        return cast("BinaryIO", self._storage.open(key, "rb"))

    def has_room(self, length: int) -> bool:
        """Whether so many bytes more leave the disk what the database and others need. Always, where it is not a disk of this machine."""
        folder = self._incoming()
        found = disk.space(folder) if folder is not None else None
        return found is None or found.free - length > min(RESERVE_BYTES, found.size // RESERVE_SHARE)

    def exists(self, key: str) -> bool:
        return bool(self._storage.exists(key))

    def delete(self, key: str) -> None:
        """No error if there is none."""
        self._storage.delete(key)

    def try_out(self) -> None:
        """Store, read and delete a small file. Raises OSError."""
        path = self.new_temporary()
        try:
            path.write_bytes(b"x")
            key = self.keep(path, f"parts/trial-{secrets.token_hex(8)}")
        finally:
            path.unlink(missing_ok=True)
        with self.reading(key) as opened:
            opened.read()
        self.delete(key)

    def delete_parts(self, upload_id: UUID) -> None:
        folder = _parts_of(upload_id)
        for name in self._list(folder)[1]:
            self._storage.delete(f"{folder}/{name}")
        with suppress(OSError, NotImplementedError):  # storages without folders have nothing to delete
            self._storage.delete(folder)

    def uploads_with_parts(self) -> list[UUID]:
        found = []
        for name in self._list("parts")[0]:
            with suppress(ValueError):
                found.append(UUID(hex=name))
        return found

    def newest_part_at(self, upload_id: UUID) -> float | None:
        """When the newest piece was stored, in seconds since 1970; None without any."""
        folder = _parts_of(upload_id)
        times = [self._storage.get_modified_time(f"{folder}/{name}").timestamp() for name in self._list(folder)[1]]
        return max(times, default=None)

    def sweep_incoming(self, before: float) -> int:
        """Delete temporary files of processes that were killed, older than `before` (seconds since 1970). Returns their number."""
        folder = self._incoming()
        old = [path for path in folder.iterdir() if path.stat().st_mtime < before] if folder else []
        for path in old:
            with suppress(OSError):
                if path.is_dir():
                    for each in path.iterdir():
                        each.unlink()
                    path.rmdir()
                else:
                    path.unlink()
        return len(old)

    def _list(self, folder: str) -> tuple[list[str], list[str]]:
        try:
            return self._storage.listdir(folder)
        except FileNotFoundError:
            return [], []

    def _incoming(self) -> Path | None:
        """None: the machine's own folder for temporary files."""
        if not isinstance(self._storage, FileSystemStorage):
            return None
        folder = Path(self._storage.location) / INCOMING
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder


class _OnDisk(File):  # type: ignore[type-arg]  # Django's class takes no arguments when it runs
    """Django renames a file that says where it is, if it can, instead of copying it."""

    def __init__(self, opened: BinaryIO, path: Path) -> None:
        super().__init__(opened, name=path.name)
        self._path = path

    def temporary_file_path(self) -> str:
        return str(self._path)


def store_of(place: str | None) -> FileStore | None:
    """The storage that is configured: `place`, a folder or an address of S3, else `STORAGES["chat"]`. None if there is neither. Raises
    `ImproperlyConfigured` where S3 needs a package that is not installed."""
    if place and place.startswith(S3):
        try:
            from backchannel.files.s3 import storage_at
        except ImportError as error:
            raise ImproperlyConfigured(f"{S3} needs the package {error.name}: pip install 'backchannel[s3]'") from error
        return FileStore(storage_at(place))
    if place:
        return FileStore(SyncedStorage(place))
    if ALIAS in settings.STORAGES:
        return FileStore(storages[ALIAS])
    return None


def new_part_key(upload_id: UUID, offset: int) -> str:
    return f"{_parts_of(upload_id)}/{offset}-{secrets.token_hex(8)}"


def new_blob_key() -> str:
    name = secrets.token_hex(20)
    return f"blobs/{name[:2]}/{name[2:]}"


def _parts_of(upload_id: UUID) -> str:
    return f"parts/{upload_id.hex}"


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
