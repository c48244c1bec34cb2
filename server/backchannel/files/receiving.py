"""A request's body → a piece of an upload, in the storage before it is answered.

The body goes to a temporary file, 256 KiB at a time, so that a slow client holds no memory, and nothing of a body that is cut short
is stored. Under a new name each time, so that two requests with the same bytes do not meet.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from backchannel.files.storage import PIECE_BYTES, FileStore, new_part_key
from backchannel.store.uploads import Part


async def receive_part(
    files: FileStore, upload_id: UUID, body: AsyncIterator[bytes], *, offset: int, skip: int
) -> Part | None:
    """Store the body, without its first `skip` bytes, which are stored already, as the piece at `offset` + `skip`. None if nothing is
    left of it. Raises what `body` raises, and OSError."""
    path = await files.run(files.new_temporary)
    try:
        length = await _write(files, path, body, skip)
        if not length:
            return None
        key = await files.run(files.keep, path, new_part_key(upload_id, offset + skip))
        return Part(offset + skip, length, key)
    finally:
        await files.run(_remove, path)


async def _write(files: FileStore, path: Path, body: AsyncIterator[bytes], skip: int) -> int:
    """Returns the number of bytes written."""
    with path.open("wb", buffering=0) as written:
        gathered, length = bytearray(), 0
        async for piece in body:
            if skip:
                piece, skip = piece[skip:], max(0, skip - len(piece))
            gathered += piece
            length += len(piece)
            if len(gathered) >= PIECE_BYTES:
                await files.run(written.write, bytes(gathered))
                gathered.clear()
        if gathered:
            await files.run(written.write, bytes(gathered))
    return length


def _remove(path: Path) -> None:
    with suppress(FileNotFoundError):
        path.unlink()
