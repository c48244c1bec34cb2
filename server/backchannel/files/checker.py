"""A whole upload → what is served of it. Any node may do it, and do it again: only `FinishUpload` counts, once.

pieces ─▶ one file ─▶ scanned ─▶ a picture? re-encoded : its type compared with its bytes ─▶ blobs ─▶ `FinishUpload`
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from backchannel import failpoints
from backchannel.commands.file_upkeep import AddBlobs
from backchannel.commands.finish_upload import FinishUpload, Served
from backchannel.commands.restart_upload import RestartUpload
from backchannel.files import pictures
from backchannel.files.interruptions import Interruptions
from backchannel.files.kinds import HEAD_BYTES, PICTURES, PLAIN, is_playable, may_be_played
from backchannel.files.scanning import Scan
from backchannel.files.storage import PIECE_BYTES, FileStore, new_blob_key
from backchannel.process_log import ProcessLog
from backchannel.store import uploads
from backchannel.store.log import Log
from backchannel.store.operation import NOBODY
from backchannel.store.read_pool import ReadPool
from backchannel.store.uploads import Part, UploadRow

_log = ProcessLog("backchannel.files")


class LostPieceError(Exception):
    """The pieces in the storage are not what was stored there."""


class Checker:
    def __init__(
        self, files: FileStore, log: Log, reads: ReadPool, scan: Scan | None, interruptions: Interruptions
    ) -> None:
        self._files = files
        self._log = log
        self._reads = reads
        self._scan = scan
        self._interruptions = interruptions

    async def check(self, row: UploadRow) -> None:
        """Raises ScannerError, OSError: the upload still waits then."""
        failpoints.reach("check_taken")
        parts = await self._reads.run(uploads.parts_of, row.upload_id)
        with self._files.temporary() as whole:
            try:
                await self._files.run(_put_together, self._files, parts, row.sent_size, whole)
            except (FileNotFoundError, LostPieceError) as error:
                _log.warning("pieces_lost", upload=str(row.upload_id), reason=str(error))
                await self._log.write(RestartUpload(actor=NOBODY, upload_id=row.upload_id))
                return
            if self._scan is not None and not await self._files.run(self._scan, whole):
                await self._log.write(FinishUpload(actor=NOBODY, upload_id=row.upload_id, served=None, code="infected"))
            else:
                await self._keep(row, whole)
        await self._files.run(self._files.delete_parts, row.upload_id)

    async def _keep(self, row: UploadRow, whole: Path) -> None:
        folder = whole.with_name("out")
        folder.mkdir()
        picture = await self._files.run(pictures.reencode, whole, row.content_type, folder, self._interruptions)
        paths = [whole] if picture is None else [picture.file, picture.thumb, picture.view]
        blobs = await self._files.run(_described, paths)
        await self._log.write(AddBlobs(actor=NOBODY, blobs=[(blob.key, blob.sha256, blob.size) for blob in blobs]))
        failpoints.reach("blobs_entered")
        for blob, path in zip(blobs, paths, strict=True):
            await self._files.run(self._files.keep, path, blob.key)
        failpoints.reach("blobs_stored")
        served = Served(file=blobs[0].key, name=row.name, size=blobs[0].size, content_type=blobs[0].type_of(row))
        if picture is not None:
            served = Served(
                file=blobs[0].key,
                thumb=blobs[1].key,
                view=blobs[2].key,
                name=picture.name_for(row.name),
                size=blobs[0].size,
                content_type=picture.content_type,
                width=picture.width,
                height=picture.height,
                thumbhash=picture.thumbhash,
            )
        await self._log.write(FinishUpload(actor=NOBODY, upload_id=row.upload_id, served=served))
        failpoints.reach("file_finished")


class _Blob(NamedTuple):
    key: str
    sha256: str
    size: int
    head: bytes

    def type_of(self, row: UploadRow) -> str:
        """The announced type, unless a browser would display the file by it although it is something else."""
        claims = row.content_type in PICTURES or may_be_played(row.content_type)
        return PLAIN if claims and not is_playable(row.content_type, self.head) else row.content_type


def _put_together(files: FileStore, parts: Sequence[Part], size: int, whole: Path) -> None:
    with whole.open("wb") as written:
        for part in parts:
            with files.reading(part.key) as opened:
                left = part.length
                while left and (piece := opened.read(min(left, PIECE_BYTES))):
                    written.write(piece)
                    left -= len(piece)
            if left:
                raise LostPieceError(f"{part.key} is shorter than it was by {left} bytes")
        if written.tell() != size:
            raise LostPieceError(f"{written.tell()} of {size} bytes")


def _described(paths: Sequence[Path]) -> list[_Blob]:
    found = []
    for path in paths:
        with path.open("rb") as opened:
            head = opened.read(HEAD_BYTES)
            opened.seek(0)
            sha256 = hashlib.file_digest(opened, "sha256").hexdigest()
            found.append(_Blob(new_blob_key(), sha256, opened.tell(), head))
    return found
