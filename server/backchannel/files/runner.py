"""The tasks of a node for files: it checks what waits, and sweeps.

A check is a node's for 20 s, and it goes on asking for more; if it dies, any other node begins the check again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from backchannel.commands.file_upkeep import KeepChecking, TakeForChecking
from backchannel.files.checker import Checker
from backchannel.files.interruptions import Interruptions
from backchannel.files.scanning import scanner_of
from backchannel.files.storage import FileStore
from backchannel.files.sweeping import Sweeper
from backchannel.process_log import ProcessLog
from backchannel.protocol.errors import CommandError
from backchannel.store import uploads
from backchannel.store.log import Log
from backchannel.store.operation import NOBODY
from backchannel.store.read_pool import ReadPool
from backchannel.store.uploads import UploadRow

LOOK_S: Final = 5.0
"""How often a node looks for what other nodes left."""
LEASE_S: Final = 20
RENEW_S: Final = 6.0
SWEEP_S: Final = 600.0
AT_ONCE: Final = 2
"""Checks of one node."""

_log = ProcessLog("backchannel.files")


class FileRunner:
    def __init__(self, files: FileStore, log: Log, reads: ReadPool, scan: str | None) -> None:
        """`scan`: as in `ChatConfig`. Raises ValueError if that cannot be used."""
        self._files = files
        self._log = log
        self._reads = reads
        self._interruptions = Interruptions()
        scanner = scanner_of(scan, self._interruptions)
        self._checker = Checker(files, log, reads, scanner, self._interruptions)
        self._sweeper = Sweeper(files, log, reads)
        self._waiting = asyncio.Event()
        self._looking = asyncio.Lock()
        """Held by the task that looks: a node that has nothing to check uses one connection of the database for it."""
        self._tasks: list[asyncio.Task[None]] = []

    def wake(self) -> None:
        """An upload waits for its check. Called on the event loop."""
        self._waiting.set()

    def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._interruptions.start()
        self.wake()  # for what waited before this start
        self._tasks = [loop.create_task(self._check_for_ever()) for _ in range(AT_ONCE)]
        self._tasks.append(loop.create_task(self._sweep_for_ever()))

    async def stop(self) -> None:
        """A check that is not finished is another node's, or this one's after its next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.to_thread(self.abandon)

    def abandon(self) -> None:
        """End the threads, and what they wait for; the tasks ended with their event loop."""
        self._interruptions.stop()
        self._files.close()

    async def _check_for_ever(self) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._waiting.wait(), LOOK_S)
            self._waiting.clear()
            try:
                await self._check_what_waits()
            except CommandError as error:
                _log.warning("checks_skipped", error=error.code.word)
            except Exception:
                _log.exception("checks_broke")

    async def _check_what_waits(self) -> None:
        while (row := await self._next()) is not None:
            self.wake()  # there may be more, for the other task
            try:
                async with self._kept(row):
                    await self._checker.check(row)
            except CommandError:
                raise
            except Exception as error:  # it waits until the lease ends
                _log.exception("check_broke", upload=str(row.upload_id), error=type(error).__name__)

    async def _next(self) -> UploadRow | None:
        """Take an upload, which is this node's for `LEASE_S` then; None if none waits."""
        async with self._looking:
            if not await self._reads.run(uploads.is_any_waiting):
                return None
            row: UploadRow | None = await self._log.write(TakeForChecking(actor=NOBODY, for_us=LEASE_S * 1_000_000))
            return row

    @asynccontextmanager
    async def _kept(self, row: UploadRow) -> AsyncIterator[None]:
        """Renew the lease while the check takes."""

        async def renew() -> None:
            while True:
                await asyncio.sleep(RENEW_S)
                with suppress(CommandError):
                    await self._log.write(
                        KeepChecking(actor=NOBODY, upload_id=row.upload_id, for_us=LEASE_S * 1_000_000)
                    )

        task = asyncio.get_running_loop().create_task(renew())
        try:
            yield
        finally:
            task.cancel()

    async def _sweep_for_ever(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            try:
                swept = await self._sweeper.sweep()
                if any(swept):
                    _log.info("files_swept", **swept._asdict())
            except CommandError as error:
                _log.warning("sweep_skipped", error=error.code.word)
            except Exception:
                _log.exception("sweep_broke")
