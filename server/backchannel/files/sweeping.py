"""Deletes what nobody needs: uploads that no message claimed, blobs of deleted messages, pieces and temporary files of processes that
were killed. Each step may be done by several nodes at once, and again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Final, NamedTuple

from backchannel.commands.file_upkeep import AT_ONCE, DeleteUnclaimed, DoomUnused, ForgetBlobs
from backchannel.files.storage import FileStore
from backchannel.store import uploads
from backchannel.store.clock import now_us
from backchannel.store.log import Job, Log
from backchannel.store.operation import NOBODY
from backchannel.store.read_pool import ReadPool

UNCLAIMED_S: Final = 7 * 24 * 3600
"""How long an upload waits for its message: a device may be offline for days."""
DOOMED_S: Final = 3600
"""Longer than any file is on its way into the storage."""


class Swept(NamedTuple):
    """`uploads`: unclaimed ones; `blobs`: files deleted, with `size` bytes together; `parts`: uploads whose pieces were left over;
    `temporary`: files."""

    uploads: int
    blobs: int
    size: int
    parts: int
    temporary: int

    def lines(self) -> list[str]:
        """The result as lines of text."""
        return [
            f"Uploads that no message claimed: {self.uploads:,} deleted.",
            f"Files that nothing has: {self.blobs:,} deleted, {self.size:,} bytes.",
            f"Left by processes that were killed: pieces of {self.parts:,} uploads and {self.temporary:,} temporary files deleted.",
        ]


async def sweep_here(files: FileStore, *, now: bool) -> Swept:
    """Sweep in a process that serves nobody. `now`: also what is younger than an hour."""

    def answer(jobs: Sequence[Job]) -> None:
        for job in jobs:
            job.answer(job.outcome)

    log, reads = Log(answer), ReadPool()
    log.start(asyncio.get_running_loop())
    try:
        return await Sweeper(files, log, reads).sweep(0 if now else DOOMED_S)
    finally:
        await asyncio.to_thread(log.stop)
        await asyncio.to_thread(reads.close)
        await asyncio.to_thread(files.close)


class Sweeper:
    def __init__(self, files: FileStore, log: Log, reads: ReadPool) -> None:
        self._files = files
        self._log = log
        self._reads = reads

    async def sweep(self, doomed_s: int = DOOMED_S) -> Swept:
        """`doomed_s`: the age from which on doomed blobs and leftovers are deleted. 0 while the server runs may delete what a node is about
        to store, whose check then begins again."""
        unclaimed = 0
        while count := await self._log.write(DeleteUnclaimed(actor=NOBODY, older_than_us=UNCLAIMED_S * 1_000_000)):
            unclaimed += count
        await self._doom_unused()
        blobs, size = await self._sweep_blobs(doomed_s)
        parts = await self._sweep_parts(doomed_s)
        temporary = await self._files.run(self._files.sweep_incoming, time.time() - doomed_s)
        return Swept(unclaimed, blobs, size, parts, temporary)

    async def _doom_unused(self) -> None:
        """Looks at all blobs, a page at a time and by reading: nobody who sends waits for it."""
        after = ""
        while page := await self._reads.run(uploads.used_blobs, after):
            after = page[-1][0]
            if found := await self._reads.run(uploads.unused, [key for key, _ in page]):
                await self._log.write(DoomUnused(actor=NOBODY, keys=found))

    async def _sweep_blobs(self, doomed_s: int) -> tuple[int, int]:
        """The bytes first: a row without bytes is doomed for ever, bytes without a row would never be found."""
        count = size = 0
        while found := await self._reads.run(uploads.doomed_before, now_us() - doomed_s * 1_000_000 + 1, AT_ONCE):
            keys = [key for key, _ in found]
            for key in keys:
                await self._files.run(self._files.delete, key)
            await self._log.write(ForgetBlobs(actor=NOBODY, keys=keys))
            count += len(found)
            size += sum(each for _, each in found)
        return count, size

    async def _sweep_parts(self, doomed_s: int) -> int:
        """Deletes pieces of uploads that need none any more: finished or deleted ones. A piece must have some age, since it may be on its way."""
        count = 0
        stored = await self._files.run(self._files.uploads_with_parts)
        for start in range(0, len(stored), AT_ONCE):
            some = stored[start : start + AT_ONCE]
            needed = await self._reads.run(uploads.existing, some)
            for upload_id in some:
                if upload_id in needed:
                    continue
                newest = await self._files.run(self._files.newest_part_at, upload_id)
                if newest is None or newest <= time.time() - doomed_s:
                    await self._files.run(self._files.delete_parts, upload_id)
                    count += newest is not None
        return count
