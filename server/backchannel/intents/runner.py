"""The loop of a node that applies what waits."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final

from backchannel.intents.applying import NOTICES_AT_ONCE, TakeNotices, apply_some
from backchannel.intents.doorbell import Doorbell
from backchannel.process_log import ProcessLog
from backchannel.protocol.errors import CommandError
from backchannel.store import intents
from backchannel.store.log import Log
from backchannel.store.operation import NOBODY, Operation
from backchannel.store.read_pool import ReadPool

ANSWERED_WITHIN_S: Final = 10.0
"""Longer than any lock is waited for."""
AFTER_TROUBLE_S: Final = 1.0

Publish = Callable[[Sequence[tuple[str, bytes]]], None]
"""(topic, body) of each, to the bus."""

_log = ProcessLog("backchannel.intents")


class IntentRunner:
    def __init__(self, log: Log, reads: ReadPool, publish: Publish) -> None:
        self._log = log
        self._reads = reads
        self._publish = publish
        self._wake = asyncio.Event()
        self._is_stopping = False
        self._task: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._doorbell: Doorbell | None = None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """The doorbell's first look finds what was left while no node ran."""
        self._loop = loop
        self._is_stopping = False
        self._wake = asyncio.Event()
        self._task = loop.create_task(self._run())
        self._doorbell = Doorbell(self.wake)
        self._doorbell.start()

    async def stop(self) -> None:
        """Returns when the batch under way is committed. What still waits, waits for the next node."""
        self._is_stopping = True
        self._wake.set()
        if self._doorbell is not None:
            await asyncio.to_thread(self._doorbell.stop)
        if self._task is not None:
            await self._task

    def abandon(self) -> None:
        """The loop is gone: end the thread."""
        if self._doorbell is not None:
            self._doorbell.stop()

    def wake(self) -> None:
        """There may be something to do. Callable from any thread, at any time."""
        if self._loop is not None and not self._wake.is_set():
            try:
                self._loop.call_soon_threadsafe(self._wake.set)
            except RuntimeError:  # the loop is closed: the next node finds it
                return

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            if self._is_stopping:
                return
            self._wake.clear()
            try:
                if await self._work():
                    self._wake.set()
            except CommandError as error:  # the database is away
                _log.warning("intents_delayed", error=error.code.word)
                await self._pause()
            except Exception:  # the loop outlives whatever it may meet
                _log.exception("intents_broke")
                await self._pause()

    async def _work(self) -> bool:
        """One batch of each. Returns whether more may be waiting. Asks first: where nothing waits, a commit would be a sync for nothing."""
        left = await self._reads.run(intents.left)
        is_more = left.intents and await asyncio.to_thread(apply_some, self._write)
        notices = await self._log.write(TakeNotices(actor=NOBODY)) if left.notices else []
        self._publish(notices)
        return is_more or len(notices) == NOTICES_AT_ONCE

    async def _pause(self) -> None:
        await asyncio.sleep(AFTER_TROUBLE_S)
        self._wake.set()

    def _write(self, operation: Operation) -> Any:
        """Runs in its own thread."""
        return self._log.submit(operation).result(ANSWERED_WITHIN_S)
