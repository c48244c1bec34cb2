"""Periodic tasks of a node: heartbeats and presence, finding what the bus lost, checking credentials, cleaning up.

One task for each kind of work, never one for each connection. A failure is logged, and the task runs again after its interval.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine, Hashable, Iterable
from contextlib import suppress
from typing import Any, Final

from backchannel.commands.set_presence import report_presence
from backchannel.fanout.subscriber import Subscriber
from backchannel.process_log import ProcessLog
from backchannel.protocol.errors import CloseCode, CommandError
from backchannel.store import reads
from backchannel.transports import metrics
from backchannel.transports.node import Node

TICK_S: Final = 1.0
RECONCILE_S: Final = 5.0
REVALIDATE_S: Final = 30.0
NOTE_USES_S: Final = 30.0
SWEEP_S: Final = 600.0

_log = ProcessLog("backchannel.maintenance")

DeadAmong = Callable[[Collection[Any]], Collection[Hashable]]
"""Proofs → those whose credential has ended. Called in a thread."""


class PeriodicTasks:
    def __init__(
        self, node: Node, dead_among: DeadAmong, note_uses: Callable[[], None], sweep: Callable[[], object]
    ) -> None:
        """`note_uses` writes which credentials were used, `sweep` deletes what has expired. Both are called in a thread."""
        self._node = node
        self._reads = node.context.reads
        self._site_code = node.site_code or node.context.reads
        self._dead_among = dead_among
        self._note_uses = note_uses
        self._sweep = sweep
        self._tasks: set[asyncio.Task[None]] = set()
        self._epoch: str | None = None
        """As read last. None before it was read, "" while the database had none."""

    def start(self) -> None:
        tasks = (
            (TICK_S, self.tick),
            (RECONCILE_S, self.reconcile),
            (REVALIDATE_S, self.revalidate_all),
            (NOTE_USES_S, self.note_uses),
            (SWEEP_S, self.sweep),
        )
        for seconds, task in tasks:
            self._spawn(_every(seconds, task))
        self.reconcile_soon()  # `note_epoch` may have failed

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with suppress(CommandError):
            await self.note_uses()

    async def tick(self) -> None:
        """Deadlines, heartbeats, presence."""
        node = self._node
        now = node.context.clock()
        for subscriber in list(node.hub.subscribers):
            subscriber.tick(now)
        report_presence(node.context, now)
        node.broadcaster.forget_nodes(now)
        metrics.queue.set(node.context.log.waiting)
        metrics.arriving.set(node.admission.waiting)
        metrics.rooms_served.set(len(node.hub.served_rooms))

    async def reconcile(self) -> None:
        """Compare the rooms and users served here with the database: what the bus lost is read from the log."""
        hub = self._node.hub
        await self._check_epoch()
        if hub.served_rooms:
            hub.observe_heads(await self._reads.run(reads.heads_of, list(hub.served_rooms)))
        if hub.served_users:
            hub.observe_versions(await self._reads.run(reads.versions_of, list(hub.served_users)))

    async def note_epoch(self) -> None:
        """Read the epoch before clients are let in; otherwise a change of it in the first seconds would not be noticed."""
        with suppress(CommandError):
            self._epoch = await self._reads.run(reads.epoch)

    async def _check_epoch(self) -> None:
        """Close every connection if the epoch has changed: a standby was promoted, or a backup restored. The clients reconnect and start
        over. A missing epoch, in the middle of a restore, is a change too; so is the first one read, if none was before."""
        epoch = await self._reads.run(reads.epoch)
        if epoch != self._epoch:
            if self._epoch is not None:
                _log.warning("new_epoch", epoch=epoch)
            for subscriber in list(self._node.hub.subscribers):
                subscriber.end(CloseCode.RESTART, "new_epoch")
        self._epoch = epoch

    def reconcile_soon(self) -> None:
        """Reconcile between the intervals: the bus may have lost something."""
        self._spawn(_attempt(self.reconcile))

    async def revalidate_all(self) -> None:
        """End the connections of sessions and tokens that have ended without an announcement."""
        await self.revalidate(self._node.hub.subscribers)

    def revalidate_soon(self, user_id: int) -> None:
        """Check the credentials of a user's connections: some may have ended."""
        self._spawn(_attempt(self.revalidate_user, user_id))

    async def revalidate_user(self, user_id: int) -> None:
        await self.revalidate(self._node.hub.subscribers_of(user_id))

    async def revalidate(self, subscribers: Iterable[Subscriber]) -> None:
        proofs = {subscriber.proof for subscriber in subscribers}
        if proofs:
            dead = await self._site_code.run(self._dead_among, proofs)
            self._node.hub.end_proofs(dead)

    async def note_uses(self) -> None:
        """Write the uses noted since the last time, in few statements. What cannot be written is kept for the next time."""
        await self._reads.run(self._note_uses)

    async def sweep(self) -> None:
        """Delete sessions, tickets and invitations that have expired."""
        await self._reads.run(self._sweep)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _every(seconds: float, task: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(seconds)
        await _attempt(task)


async def _attempt(task: Callable[..., Awaitable[None]], *given: Any) -> None:
    try:
        await task(*given)
    except CommandError as error:
        _log.warning("maintenance_skipped", task=task.__name__, error=error.code.word)
    except Exception:
        _log.exception("maintenance_broke", task=task.__name__)
